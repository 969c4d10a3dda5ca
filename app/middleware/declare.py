"""What a route says about itself. The decorators note it when the routes are made, `app.openapi` reads it; requests
pay nothing for it.

    @match_bp.post("/finish")
    @answers(200, Receipt, errors=[MatchNotFound, MatchAlreadyFinished], replayable=True)
    @auth_required(roles=["player"])
    @validate(FinishMatch)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel

from app.errors import AppError

View = TypeVar("View", bound=Callable[..., Any])

NOTED = "laurel_declaration"  # the attribute of a view; `functools.wraps` hands it on to the next decorator


@dataclass(frozen=True, slots=True)
class Answer:
    """One way to succeed. `bare` has no envelope; without a `model` it is any text, without `media_type` empty."""

    status: int
    model: type[BaseModel] | None
    media_type: str | None = "application/json"
    bare: bool = False
    replayable: bool = False
    etag: bool = False


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the decorators of a route know. `security` names a scheme of the document, None is open to everybody."""

    answers: tuple[Answer, ...] = ()
    errors: tuple[type[AppError], ...] = ()
    security: str | None = None
    roles: frozenset[str] = frozenset()
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    headers: tuple[str, ...] = ()


def declaration_of(view: Callable[..., Any]) -> Declaration:
    """What was noted for a view; empty if nothing was."""
    noted = getattr(view, NOTED, None)
    return noted if isinstance(noted, Declaration) else Declaration()


def note(
    view: Callable[..., Any],
    *,
    answers: Sequence[Answer] = (),
    errors: Sequence[type[AppError]] = (),
    headers: Sequence[str] = (),
    **facts: Any,
) -> None:
    """Add to the declaration of a view: lists grow, `facts` replace the fields of that name."""
    known = declaration_of(view)
    noted = replace(
        known,
        answers=(*known.answers, *answers),
        errors=tuple(dict.fromkeys((*known.errors, *errors))),
        headers=(*known.headers, *headers),
        **facts,
    )
    setattr(view, NOTED, noted)


def answers(
    status: int,
    model: type[BaseModel] | None = None,
    *,
    errors: Sequence[type[AppError]] = (),
    media_type: str | None = "application/json",
    bare: bool = False,
    replayable: bool = False,
    etag: bool = False,
) -> Callable[[View], View]:
    """Declare a success: `model` describes `data`. `errors` are those of the operation itself.

    What the other decorators refuse (401, 403, 400, 413, 415, 429) and what every operation can meet (500, 503, 404 of
    a path that is none) is known already. `replayable`: a repeat says `Idempotency-Replayed: true`. `bare`: no envelope
    and no database behind it. `etag`: 304 without a body while nothing has changed. More than one success: more than
    one `@answers`.
    """
    answer = Answer(status, model, media_type, bare=bare, replayable=replayable, etag=etag)

    def declare(view: View) -> View:
        note(view, answers=[answer], errors=errors)
        return view

    return declare
