"""/api/v1/achievements and /api/v1/users/me/achievements (contract, "System 2" and "System 4")."""

from flask import Blueprint, Response

from app.controllers import achievement_controller
from app.errors import UserNotFound
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.middleware.validate import validate_query
from app.schemas.achievement import AchievementView, EarnedView, ProgressListView
from app.schemas.page import ListQuery, OffsetPage

EVERYBODY = ["player", "support", "system"]

achievement_bp = Blueprint("achievement", __name__, url_prefix="/api/v1")


@achievement_bp.get("/achievements/", strict_slashes=False)
@answers(200, OffsetPage[AchievementView])
@auth_required(roles=EVERYBODY)
@validate_query(ListQuery)
def list_achievements(query: ListQuery) -> Response:
    return achievement_controller.list_achievements(query)


@achievement_bp.get("/achievements/users/<id:user_id>")
@answers(200, OffsetPage[EarnedView], errors=[UserNotFound])
@auth_required(roles=EVERYBODY)
@validate_query(ListQuery)
def list_earned(query: ListQuery, user_id: int) -> Response:
    return achievement_controller.list_earned(query, user_id)


@achievement_bp.get("/users/me/achievements")
@answers(200, ProgressListView, errors=[UserNotFound], etag=True)
@auth_required(roles=EVERYBODY)
def list_own_progress() -> Response:
    return achievement_controller.list_own_progress()
