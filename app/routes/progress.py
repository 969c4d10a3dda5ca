"""/api/v1/progress: a player's own standing."""

from flask import Blueprint, Response

from app.controllers import progress_controller
from app.errors import ProgressNotFound
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.schemas.progress import ProgressView

progress_bp = Blueprint("progress", __name__, url_prefix="/api/v1/progress")


@progress_bp.get("/me")
@answers(200, ProgressView, errors=[ProgressNotFound])
@auth_required(roles=["player"])
def get_own_progress() -> Response:
    return progress_controller.get_own_progress()
