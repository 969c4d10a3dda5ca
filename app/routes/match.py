"""/match: start, settle, read, explain (contract, "System 1")."""

from flask import Blueprint, Response

from app.controllers import match_controller
from app.errors import (
    MatchAbandoned,
    MatchAlreadyFinished,
    MatchNotFound,
    MatchVoided,
    ProgressNotFound,
    ResultImplausible,
    UserNotFound,
)
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.middleware.idempotency_key import accept_idempotency_key
from app.middleware.validate import validate, validate_query
from app.schemas.match import (
    ExplanationView,
    FinishMatch,
    MatchHistoryQuery,
    MatchItem,
    MatchView,
    ReceiptView,
    StartedMatch,
    StartMatch,
)
from app.schemas.page import HistoryPage

match_bp = Blueprint("match", __name__, url_prefix="/match")


@match_bp.post("/start")
@answers(201, StartedMatch, errors=[UserNotFound], replayable=True)
@auth_required(roles=["player"])
@accept_idempotency_key
@validate(StartMatch)
def start_match(body: StartMatch) -> Response:
    return match_controller.start_match(body)


@match_bp.post("/finish")
@answers(
    200,
    ReceiptView,
    errors=[MatchNotFound, ProgressNotFound, MatchAlreadyFinished, MatchAbandoned, MatchVoided, ResultImplausible],
    replayable=True,
)
@auth_required(roles=["player"])
@validate(FinishMatch)
def finish_match(body: FinishMatch) -> Response:
    return match_controller.finish_match(body)


@match_bp.get("/<id:match_id>")
@answers(200, MatchView, errors=[MatchNotFound])
@auth_required(roles=["player", "support"])
def get_match(match_id: int) -> Response:
    return match_controller.get_match(match_id)


@match_bp.get("/<id:match_id>/explain")
@answers(200, ExplanationView, errors=[MatchNotFound])
@auth_required(roles=["player", "support"])
def explain_match(match_id: int) -> Response:
    return match_controller.explain_match(match_id)


@match_bp.get("/history")
@answers(200, HistoryPage[MatchItem])
@auth_required(roles=["player"])
@validate_query(MatchHistoryQuery)
def list_matches(query: MatchHistoryQuery) -> Response:
    return match_controller.list_matches(query)
