"""/api/v1/stats: what a player did, counted (contract, "System 1" and "System 2")."""

from flask import Blueprint, Response

from app.controllers import stats_controller, user_stats_controller
from app.errors import UserNotFound
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.middleware.validate import validate_query
from app.schemas.achievement import UserStatsView
from app.schemas.stats import DailyStatsQuery, DailyStatsView

stats_bp = Blueprint("stats", __name__, url_prefix="/api/v1/stats")


@stats_bp.get("/daily")
@answers(200, DailyStatsView)
@auth_required(roles=["player"])
@validate_query(DailyStatsQuery)
def list_daily(query: DailyStatsQuery) -> Response:
    return stats_controller.list_daily(query)


@stats_bp.get("/<id:user_id>")
@answers(200, UserStatsView, errors=[UserNotFound])
@auth_required(roles=["player", "support", "system"])
def get_stats(user_id: int) -> Response:
    return user_stats_controller.get_stats(user_id)
