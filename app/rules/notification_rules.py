"""Notices: what a user is told of, once for every subject."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.rules.achievement_rules import UnlockedLevel, shown_tier


@dataclass(frozen=True, slots=True)
class Notice:
    """What to tell a user; of the same kind and subject he is told once."""

    user_id: int
    kind: str
    subject: str
    title: str
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Notification:
    """A notice in an inbox."""

    id: int
    kind: str
    title: str
    payload: Mapping[str, object]
    created_at: datetime
    read_at: datetime | None


def achievement_notice(level: UnlockedLevel) -> Notice:
    """The notice of one achievement level."""
    return Notice(
        user_id=level.user_id,
        kind="achievement",
        subject=f"{level.group}:{level.tier}",
        title=level.name,
        payload={
            "code": level.group,
            "tier": shown_tier(level.tier),
            "threshold": level.threshold,
            "xp": level.xp,
            "soft_currency": level.soft_currency,
            "points": level.points,
        },
    )
