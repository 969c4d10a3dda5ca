"""/event: the course spec's other door to a settlement."""

from flask import Blueprint, Response

from app.controllers import match_controller
from app.errors import (
    MatchAbandoned,
    MatchAlreadyFinished,
    MatchNotFound,
    MatchVoided,
    ProgressNotFound,
    ResultImplausible,
)
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.middleware.validate import validate
from app.schemas.match import Event, ReceiptView

event_bp = Blueprint("event", __name__, url_prefix="/event")


@event_bp.post("")
@answers(
    200,
    ReceiptView,
    errors=[MatchNotFound, ProgressNotFound, MatchAlreadyFinished, MatchAbandoned, MatchVoided, ResultImplausible],
    replayable=True,
)
@auth_required(roles=["player"])
@validate(Event)
def finish_match(body: Event) -> Response:
    return match_controller.finish_match(body)
