"""/api/v1/leaderboards and their seasons (contract, "System 1", leaderboards)."""

from flask import Blueprint, Response

from app.controllers import leaderboard_controller
from app.errors import Conflict, LeaderboardNotFound, ScoreNotFound, SeasonNotFound
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.middleware.validate import validate, validate_query
from app.schemas.leaderboard import (
    AroundQuery,
    BoardPageView,
    OpenSeason,
    RewardsView,
    SeasonQuery,
    SeasonsQuery,
    SeasonView,
    StandingView,
    TopQuery,
    TopView,
)
from app.schemas.page import OffsetPage

leaderboard_bp = Blueprint("leaderboard", __name__, url_prefix="/api/v1/leaderboards")
admin_leaderboard_bp = Blueprint("admin_leaderboard", __name__, url_prefix="/api/v1/admin/leaderboards")


@leaderboard_bp.get("/<code:board_code>")
@answers(200, TopView, errors=[LeaderboardNotFound, SeasonNotFound])
@auth_required(roles=["player", "support", "system"])
@validate_query(TopQuery)
def get_top(query: TopQuery, board_code: str) -> Response:
    return leaderboard_controller.get_top(query, board_code)


@leaderboard_bp.get("/<code:board_code>/around-me")
@answers(200, BoardPageView, errors=[LeaderboardNotFound, SeasonNotFound, ScoreNotFound])
@auth_required(roles=["player"])
@validate_query(AroundQuery)
def get_around(query: AroundQuery, board_code: str) -> Response:
    return leaderboard_controller.get_around(query, board_code)


@leaderboard_bp.get("/<code:board_code>/me")
@answers(200, StandingView, errors=[LeaderboardNotFound, SeasonNotFound, ScoreNotFound])
@auth_required(roles=["player"])
@validate_query(SeasonQuery)
def get_standing(query: SeasonQuery, board_code: str) -> Response:
    return leaderboard_controller.get_standing(query, board_code)


@leaderboard_bp.get("/<code:board_code>/seasons")
@answers(200, OffsetPage[SeasonView], errors=[LeaderboardNotFound])
@auth_required(roles=["player", "support", "system"])
@validate_query(SeasonsQuery)
def list_seasons(query: SeasonsQuery, board_code: str) -> Response:
    return leaderboard_controller.list_seasons(query, board_code)


@admin_leaderboard_bp.post("/<code:board_code>/seasons")
@answers(201, SeasonView, errors=[LeaderboardNotFound, Conflict], replayable=True)
@auth_required(roles=["admin"])
@validate(OpenSeason)
def open_season(body: OpenSeason, board_code: str) -> Response:
    return leaderboard_controller.open_season(body, board_code)


@admin_leaderboard_bp.get("/<code:board_code>/rewards")
@answers(200, RewardsView, errors=[LeaderboardNotFound])
@auth_required(roles=["admin"])
def list_rewards(board_code: str) -> Response:
    return leaderboard_controller.list_rewards(board_code)
