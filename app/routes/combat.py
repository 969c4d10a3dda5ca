"""/api/v1/combat: fights that go on, and what became of them (contract, "System 3")."""

from flask import Blueprint, Response

from app.controllers import combat_result_controller, combat_session_controller, replay_controller
from app.errors import (
    CharacterBusy,
    CharacterNotFound,
    CombatAlreadyFinished,
    CombatNotFound,
    Conflict,
    ItemSpent,
    ReplayDamaged,
    SessionLost,
    StaleVersion,
)
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.middleware.validate import validate, validate_query
from app.schemas.combat import (
    AcceptedView,
    Act,
    ActionView,
    FinishSession,
    ReplayQuery,
    ReplayView,
    ResultView,
    SessionView,
    StartSession,
)

combat_bp = Blueprint("combat", __name__, url_prefix="/api/v1/combat")


@combat_bp.post("/sessions")
@answers(
    201,
    SessionView,
    errors=[CharacterNotFound, CharacterBusy, Conflict, CombatAlreadyFinished],
    replayable=True,
)
@auth_required(roles=["player", "system"])
@validate(StartSession)
def start_session(body: StartSession) -> Response:
    return combat_session_controller.start_session(body)


@combat_bp.post("/<session:session_id>/actions")
@answers(200, ActionView, errors=[CombatNotFound, StaleVersion, ItemSpent, SessionLost, Conflict], replayable=True)
@auth_required(roles=["player", "system"])
@validate(Act)
def act(body: Act, session_id: str) -> Response:
    return combat_session_controller.act(body, session_id)


@combat_bp.post("/<session:session_id>/finish")
@answers(202, AcceptedView, errors=[CombatNotFound, CombatAlreadyFinished, SessionLost], replayable=True)
@auth_required(roles=["system"])
@validate(FinishSession)
def finish_session(body: FinishSession, session_id: str) -> Response:
    return combat_session_controller.finish_session(body, session_id)


@combat_bp.get("/<session:session_id>/result")
@answers(200, ResultView, errors=[CombatNotFound, SessionLost])
@auth_required(roles=["player", "support", "system"])
def get_result(session_id: str) -> Response:
    return combat_result_controller.get_result(session_id)


@combat_bp.get("/<session:session_id>/replay")
@answers(200, ReplayView, errors=[CombatNotFound, SessionLost, ReplayDamaged])
@auth_required(roles=["player", "support", "system"])
@validate_query(ReplayQuery)
def get_replay(query: ReplayQuery, session_id: str) -> Response:
    return replay_controller.get_replay(query, session_id)
