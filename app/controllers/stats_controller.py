"""The door of a player's own statistics."""

from typing import Any

from flask import Response, g

from app.clock import utc_now
from app.controllers.envelope import success
from app.rules.stats_rules import DailyStatistics
from app.schemas.stats import DailyStatsQuery
from app.services import stats_service


def list_daily(query: DailyStatsQuery) -> Response:
    """200 with the days that have something, oldest first."""
    first, last = query.days(utc_now().date())
    days = stats_service.list_daily(user_id=g.user.id, first=first, last=last)
    return success({"items": [_day(day) for day in days], "from": first.isoformat(), "to": last.isoformat()})


def _day(day: DailyStatistics) -> dict[str, Any]:
    return {
        "day": day.day.isoformat(),
        "sessions_count": day.sessions_count,
        "events_count": day.events_count,
        "playtime_seconds": day.playtime_seconds,
        "wins": day.wins,
        "losses": day.losses,
        "score_sum": day.score_sum,
    }
