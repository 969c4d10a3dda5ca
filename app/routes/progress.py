"""/api/v1/progress: a player's own standing."""

from flask import Blueprint, Response

from app.controllers import progress_controller
from app.middleware.auth_jwt import auth_required

progress_bp = Blueprint("progress", __name__, url_prefix="/api/v1/progress")


@progress_bp.get("/me")
@auth_required(roles=["player"])
def get_own_progress() -> Response:
    return progress_controller.get_own_progress()
