"""The achievement engine (contract, "System 4"): metrics rise, levels are reached, each is paid once.

Locks: whatever the caller holds (a match, a streak, a shard of the outbox), then the progress rows of all users in the
order of their ids, then everything that is the user's here. Nothing of it is written without that lock.
"""

from collections.abc import Mapping, Sequence

from prometheus_client import Counter
from uuid_utils.compat import uuid7

from app.repositories import (
    achievement_repo,
    notification_repo,
    progress_repo,
    reward_repo,
    user_metric_repo,
    user_stats_repo,
)
from app.rules.achievement_rules import Increment, Level, UnlockedLevel, grants, summed
from app.rules.notification_rules import achievement_notice
from app.rules.progress_rules import Progress, level_for_xp
from app.transaction import MAX_ATTEMPTS, Transaction, server_errno

unlocks_total = Counter("laurel_achievement_unlocks_total", "Achievement levels unlocked and paid")
failures_total = Counter("laurel_reward_failures_total", "Attempts to raise metrics and pay achievements that failed")


def increment_progress(
    tx: Transaction, *, increments: Sequence[Increment], event_points: Mapping[int, int] | None = None
) -> list[UnlockedLevel]:
    """Raise metrics and pay every level that is newly reached; returns what was really unlocked, by user.

    The one entrance for whatever earns achievements: many users and metrics at once, in a handful of statements. Every
    level skipped on the way is paid too. xp, level and progress never fall here. Users without progress are left out.
    `event_points` are added to their users' scores.
    """
    try:
        return _increment(tx, summed(increments), event_points or {})
    except Exception as error:
        if server_errno(error) not in MAX_ATTEMPTS:
            failures_total.inc()
        raise


def _increment(
    tx: Transaction, increments: Sequence[Increment], event_points: Mapping[int, int]
) -> list[UnlockedLevel]:
    users = sorted({increment.user_id for increment in increments} | event_points.keys())
    locked = {progress.user_id: progress for progress in progress_repo.lock_many(tx, users)}
    increments = [increment for increment in increments if increment.user_id in locked]
    user_metric_repo.add(tx, increments)
    unlocked = _unlock_reached(tx, increments, locked)
    user_stats_repo.add(tx, list(locked), grants=grants(unlocked), event_points=event_points)
    return unlocked


def _unlock_reached(
    tx: Transaction, touched: Sequence[Increment], locked: Mapping[int, Progress]
) -> list[UnlockedLevel]:
    """Insert the levels reached, pay the sum of what was really inserted, and tell of each."""
    batch_id = uuid7().bytes
    if not reward_repo.insert_reached(tx, touched, batch_id=batch_id):
        return []
    unlocked = reward_repo.list_of_batch(tx, list(locked), batch_id=batch_id)
    paid = [
        (grant.user_id, grant.xp, grant.soft_currency, level_for_xp(locked[grant.user_id].xp + grant.xp))
        for grant in grants(unlocked)
        if grant.xp or grant.soft_currency
    ]
    if paid:
        progress_repo.add_to_many(tx, paid)
    notification_repo.insert(tx, [achievement_notice(level) for level in unlocked])
    tx.count(unlocks_total, len(unlocked))
    return unlocked


def find_next_level(tx: Transaction, *, code: str, above: int) -> Level | None:
    """The level of a type that comes next after `above`; None behind the last one."""
    return achievement_repo.find_next_level(tx, code=code, above=above)
