"""What became of a fight."""

from datetime import datetime
from typing import Any

from flask import Response, g, request

from app.controllers.envelope import iso_time, success
from app.rules.combat_message_rules import Language, over_message
from app.rules.combat_rules import Combat, Document
from app.services import combat_result_service
from app.services.combat_session_service import session_view

SEE_EVERYTHING = frozenset({"support", "system"})


def get_result(session_id: str) -> Response:
    """200 with the fight as it goes on, or with its result."""
    viewer = viewer_id()
    found = combat_result_service.get_result(session_id, user_id=viewer)
    if isinstance(found, Combat):
        return success(over(found, viewer))
    over_yet = {"settlement_status": None, "result": None, "message": None, "ui": None}
    return success({**session_view(found), **over_yet})


def over(combat: Combat, viewer: int | None) -> dict[str, Any]:
    """A finished fight, for whoever pressed its button however late."""
    return {
        "session_id": combat.session_id,
        "status": "finished",
        "settlement_status": combat.settlement_status,
        "result": fight_result(combat.document, combat.finished_at),
        "message": over_message(combat, user_id=viewer, language=_language()),
        "ui": {"remove_keyboard": True, "button": "show_result"},
    }


def fight_result(document: Document, finished_at: datetime) -> dict[str, Any]:
    """The result of a finished fight as clients see it."""
    meta = document["meta"]
    return {
        "winner_team": meta["winner_team"],
        "finish_reason": meta["finish_reason"],
        "finished_at": iso_time(finished_at),
        "participants": document["participants"],
    }


def viewer_id() -> int | None:
    """Whose fights may be seen: the user's own, or (None) everybody's."""
    return None if g.user.has_any(SEE_EVERYTHING) else g.user.id


def _language() -> Language:
    """The first that the client prefers, whatever the region."""
    for tag, quality in request.accept_languages:
        match tag.partition("-")[0].lower():
            case "ru" if quality > 0:
                return "ru"
            case "en" if quality > 0:
                return "en"
    return "en"
