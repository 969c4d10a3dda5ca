"""The doors of fights that go on."""

from flask import Response, g

from app.controllers.combat_result_controller import over, viewer_id
from app.controllers.combat_settlement_controller import accepted
from app.controllers.envelope import success
from app.rules.combat_rules import Combat
from app.schemas.combat import Act, FinishSession, StartSession
from app.services import combat_session_service
from app.services.combat_session_service import Action, session_view

ENGINES = frozenset({"system"})


def start_session(body: StartSession) -> Response:
    """201 with the container."""
    started = combat_session_service.start_session(
        session_id=body.session_id,
        teams={fighter.character_id: fighter.team for fighter in body.participants},
        owner_id=None if g.user.has_any(ENGINES) else g.user.id,
    )
    return success(session_view(started.session), 201, replayed=started.replayed)


def act(body: Act, session_id: str) -> Response:
    """200 with the container after the action; or with the result, if the fight is over."""
    acted = combat_session_service.act(
        session_id,
        Action(body.action_id, body.version, body.character_id, body.slot),
        user_id=None if g.user.has_any(ENGINES) else g.user.id,  # who may see everybody's may not use it up
    )
    if isinstance(acted, Combat):
        return success(over(acted, viewer_id()))
    return success(session_view(acted.session), replayed=acted.replayed)


def finish_session(body: FinishSession, session_id: str) -> Response:
    """202 `{session_id, status, settlement_status, result}`; the same report again answers the same."""
    return accepted(combat_session_service.finish_session(session_id, body.as_report()))
