"""The door of a user's statistics."""

from typing import Any

from flask import Response

from app.controllers.access import require_self_or_staff
from app.controllers.achievement_controller import show_earned
from app.controllers.envelope import success
from app.controllers.event_controller import show_event
from app.rules.user_stats_rules import UserStats
from app.services import user_stats_service


def get_stats(user_id: int) -> Response:
    """200 with score, achievements, counters and the last events of the user."""
    require_self_or_staff(user_id)
    return success(user_stats_service.get_stats(user_id, _stats))


def _stats(stats: UserStats) -> dict[str, Any]:
    return {
        "user_id": stats.user_id,
        "score": stats.sums.score,
        "achievements_count": stats.sums.achievements_count,
        "achievements": [show_earned(level) for level in stats.achievements],
        "events": {count.event_type: {"count": count.events, "points": count.points} for count in stats.events},
        "last_events": [show_event(event) for event in stats.last_events],
    }
