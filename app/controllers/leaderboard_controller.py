"""The doors of the leaderboards."""

from typing import Any

from flask import Response, g

from app.controllers.envelope import iso_time, list_page, success
from app.rules.leaderboard_rules import RankedEntry, Season
from app.schemas.leaderboard import AroundQuery, OpenSeason, SeasonQuery, SeasonsQuery, TopQuery
from app.services import leaderboard_service, season_reward_service
from app.services.leaderboard_service import BoardPage


def get_top(query: TopQuery, board_code: str) -> Response:
    """200 with a part of the board."""
    page = leaderboard_service.get_top(board_code, season=query.season, limit=query.limit, offset=query.offset)
    return success({**_page(page), "limit": query.limit, "offset": query.offset})


def get_around(query: AroundQuery, board_code: str) -> Response:
    """200 with the surroundings of the player."""
    page = leaderboard_service.get_around(board_code, season=query.season, user_id=g.user.id, limit=query.limit)
    return success(_page(page))


def get_standing(query: SeasonQuery, board_code: str) -> Response:
    """200 with the player's own place."""
    standing = leaderboard_service.get_standing(board_code, season=query.season, user_id=g.user.id)
    return success(
        {
            "board_code": standing.season.board_code,
            "season": standing.season.season,
            **_entry(standing.own),
            "percentile": standing.percentile,
            "points_to_next": standing.points_to_next,
            "total": standing.total,
        }
    )


def list_seasons(query: SeasonsQuery, board_code: str) -> Response:
    """200 with the board's seasons, newest first."""
    seasons, total = leaderboard_service.list_seasons(board_code, limit=query.limit, offset=query.offset)
    return list_page([_season(season) for season in seasons], total, query)


def open_season(body: OpenSeason, board_code: str) -> Response:
    """201 with the season that is open now."""
    opened = leaderboard_service.open_season(
        board_code, season=body.season, actor_id=g.user.id, request_id=g.request_id
    )
    return success(_season(opened.season), 201, replayed=opened.replayed)


def list_rewards(board_code: str) -> Response:
    """200 with what the places of a closed season pay."""
    rewards = season_reward_service.list_rewards(board_code)
    items = [
        {
            "first_place": reward.first_place,
            "last_place": reward.last_place,
            "xp": reward.xp,
            "soft_currency": reward.soft_currency,
        }
        for reward in rewards
    ]
    return success({"board_code": board_code, "items": items})


def _page(page: BoardPage) -> dict[str, Any]:
    return {
        "board_code": page.season.board_code,
        "season": page.season.season,
        "items": [_entry(entry) for entry in page.entries],
        "total": page.total,
    }


def _entry(ranked: RankedEntry) -> dict[str, Any]:
    entry = ranked.entry
    return {
        "rank": ranked.rank,
        "user_id": entry.user_id,
        "display_name": entry.display_name,
        "score": entry.score,
        "achieved_at": iso_time(entry.achieved_at),
    }


def _season(season: Season) -> dict[str, Any]:
    return {
        "board_code": season.board_code,
        "season": season.season,
        "opened_at": iso_time(season.opened_at),
        "closed_at": iso_time(season.closed_at),
        "rewards_job_id": season.rewards_job_id,
    }
