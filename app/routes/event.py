"""/event: the course spec's other door to a settlement."""

from flask import Blueprint, Response

from app.controllers import match_controller
from app.middleware.auth_jwt import auth_required
from app.middleware.validate import validate
from app.schemas.match import Event

event_bp = Blueprint("event", __name__, url_prefix="/event")


@event_bp.post("")
@auth_required(roles=["player"])
@validate(Event)
def finish_match(body: Event) -> Response:
    return match_controller.finish_match(body)
