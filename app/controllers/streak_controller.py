"""The door of the daily check-in."""

from flask import Response, g

from app.controllers.envelope import iso_time, success
from app.rules.achievement_rules import shown_tier
from app.rules.streak_rules import Standing
from app.services import streak_service


def check_in() -> Response:
    """200, whether it counted or the day was checked in already."""
    return _answer(streak_service.check_in(g.user.id))


def get_checkin() -> Response:
    """200 with the streak as it stands."""
    return _answer(streak_service.get_checkin(g.user.id))


def _answer(standing: Standing) -> Response:
    level = standing.next_level
    next_tier = level and {
        "tier": shown_tier(level.tier),
        "threshold": level.threshold,
        "xp": level.xp,
        "soft_currency": level.soft_currency,
    }
    return success(
        {
            "date": standing.day.isoformat(),
            "consecutive_days": standing.consecutive_days,
            "longest_streak": standing.longest_streak,
            "already_checked_in": standing.already_checked_in,
            "next_tier": next_tier,
            "rewards": {"xp": standing.xp, "soft_currency": standing.soft_currency},
            "unlocked": [
                {"group": unlocked.group, "tier": shown_tier(unlocked.tier), "threshold": unlocked.threshold}
                for unlocked in standing.unlocked
            ],
            "day_ends_at": iso_time(standing.day_ends_at),
            "freezes": standing.freezes,
        }
    )
