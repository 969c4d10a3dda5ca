"""The achievement engine (contract, "System 4"): metrics rise, levels are reached, each is paid once.

Locks: whatever the caller holds (a match, a streak, a shard of the outbox), then the progress rows of all users in the
order of their ids, then everything that is the user's here. Nothing of it is written without that lock.
"""

from collections.abc import Mapping, Sequence

from prometheus_client import Counter
from uuid_utils.compat import uuid7

from app.errors import UserNotFound
from app.repositories import (
    achievement_repo,
    match_metric_repo,
    notification_repo,
    progress_repo,
    reward_repo,
    user_metric_repo,
    user_stats_repo,
)
from app.rules.achievement_rules import (
    AchievementType,
    EarnedLevel,
    Increment,
    Level,
    TypeProgress,
    UnlockedLevel,
    corrections_of_voids,
    grants,
    increments_of_matches,
    listed,
    progress_in,
    summed,
)
from app.rules.notification_rules import achievement_notice
from app.rules.outbox_rules import OutboxEvent
from app.rules.progress_rules import Progress, level_for_xp
from app.transaction import MAX_ATTEMPTS, Transaction, server_errno, transaction

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
    touched = [(increment.user_id, increment.metric) for increment in increments]
    unlocked = _unlock_reached(tx, touched, locked, type_id=None)
    user_stats_repo.add(tx, list(locked), grants=grants(unlocked), event_points=event_points)
    return unlocked


def unlock_type(tx: Transaction, type_: AchievementType, users: Sequence[int]) -> list[UnlockedLevel]:
    """Pay users, given in the order of their ids, the levels of one type that they have reached without being paid."""
    locked = {progress.user_id: progress for progress in progress_repo.lock_many(tx, users)}
    unlocked = _unlock_reached(tx, [(user_id, type_.metric) for user_id in locked], locked, type_id=type_.id)
    user_stats_repo.add(tx, sorted({level.user_id for level in unlocked}), grants=grants(unlocked))
    return unlocked


def _unlock_reached(
    tx: Transaction, touched: Sequence[tuple[int, str]], locked: Mapping[int, Progress], *, type_id: int | None
) -> list[UnlockedLevel]:
    """Insert the levels reached, pay the sum of what was really inserted, and tell of each."""
    batch_id = uuid7().bytes
    if not reward_repo.insert_reached(tx, touched, type_id=type_id, batch_id=batch_id):
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


def count_matches(tx: Transaction, finished: Sequence[OutboxEvent]) -> None:
    """Raise the metrics of matches that were settled, of many users at once."""
    matches = match_metric_repo.list_settled(tx, [(event.event_key, event.payload["match_id"]) for event in finished])
    if matches:
        increment_progress(tx, increments=increments_of_matches(matches))


def take_back_matches(tx: Transaction, voided: Sequence[OutboxEvent]) -> None:
    """Lower the metrics of matches that were voided; what was earned by them stays.

    Events of a user are handled in their order, so each of these matches has been counted before.
    """
    matches = match_metric_repo.list_settled(tx, [(event.event_key, event.payload["match_id"]) for event in voided])
    users = sorted({match.user_id for match in matches})
    if not users:
        return
    progress_repo.lock_many(tx, users)
    user_metric_repo.correct(tx, corrections_of_voids(matches, match_metric_repo.list_bests(tx, users)))
    user_stats_repo.add(tx, users, grants=[])


@transaction("list_achievements")
def list_achievements(tx: Transaction) -> list[AchievementType]:
    """The definitions that everybody sees: neither hidden nor retired."""
    return listed(achievement_repo.list_all(tx))


@transaction("list_earned_achievements")
def list_earned(tx: Transaction, user_id: int) -> list[EarnedLevel]:
    """The levels that the user has, the latest first. Raises UserNotFound."""
    if user_stats_repo.find_version(tx, user_id) is None:
        raise UserNotFound(user=user_id)
    return reward_repo.list_of_user(tx, user_id)


@transaction("get_achievements_version")
def get_version(tx: Transaction, user_id: int) -> str:
    """A text that changes with every answer of `list_progress` for the user. Raises UserNotFound."""
    return _version(tx, user_id)


@transaction("list_achievement_progress")
def list_progress(tx: Transaction, user_id: int) -> tuple[str, list[TypeProgress]]:
    """The user's progress and levels per type, and the version of it. Raises UserNotFound.

    The version is read first: what is read after it may be newer, never older.
    """
    version = _version(tx, user_id)
    types = achievement_repo.list_all(tx)
    return version, progress_in(
        types, user_metric_repo.list_of_user(tx, user_id), reward_repo.list_of_user(tx, user_id)
    )


def _version(tx: Transaction, user_id: int) -> str:
    version = user_stats_repo.find_version(tx, user_id)
    if version is None:
        raise UserNotFound(user=user_id)
    return version
