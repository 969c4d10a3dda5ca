"""/api/v1/checkin: the daily check-in and its streak (contract, "System 4")."""

from flask import Blueprint, Response

from app.controllers import streak_controller
from app.errors import ProgressNotFound, UserNotFound
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.schemas.streak import CheckinView

streak_bp = Blueprint("streak", __name__, url_prefix="/api/v1/checkin")


@streak_bp.post("")
@answers(200, CheckinView, errors=[UserNotFound, ProgressNotFound])
@auth_required(roles=["player"])
def check_in() -> Response:
    return streak_controller.check_in()


@streak_bp.get("")
@answers(200, CheckinView, errors=[UserNotFound])
@auth_required(roles=["player"])
def get_checkin() -> Response:
    return streak_controller.get_checkin()
