"""A user's statistics (contract, "System 2"): kept in Redis, never older than what is processed.

What is kept carries the version of the user's row in MySQL, which is raised in the transaction that counts an event or
grants an achievement; an answer of another version is not used. So nothing needs to be evicted, nothing can be late.
"""

from collections.abc import Callable, Mapping
from typing import Any

from app.clients import answer_cache
from app.errors import UserNotFound
from app.extensions import current_config
from app.repositories import event_counter_repo, events_repo, reward_repo, user_stats_repo
from app.rules.user_stats_rules import LAST_EVENTS, UserStats
from app.transaction import Transaction, transaction

NAME = "user_stats"
NEWEST = 2**63 - 1


def get_stats(user_id: int, show: Callable[[UserStats], Mapping[str, Any]]) -> Mapping[str, Any]:
    """The user's statistics as `show` makes them JSON. Raises UserNotFound."""
    url = current_config().REDIS_URL
    kept = answer_cache.find(url, NAME, user_id, _get_version(user_id)) if url else None
    if kept is not None:
        return kept
    version, stats = _load(user_id)
    shown = show(stats)
    if url:
        answer_cache.keep(url, NAME, user_id, version, shown)
    return shown


def forget_answer(user_id: int) -> None:
    """Drop what is kept about an erased user; where Redis is away it is unreadable and ends within the hour."""
    url = current_config().REDIS_URL
    if url:
        answer_cache.forget(url, NAME, user_id)


@transaction("get_user_stats_version")
def _get_version(tx: Transaction, user_id: int) -> str:
    return _version(tx, user_id)


@transaction("get_user_stats")
def _load(tx: Transaction, user_id: int) -> tuple[str, UserStats]:
    """The version is read first: what is read after it may be newer, never older."""
    version = _version(tx, user_id)
    return version, UserStats(
        user_id=user_id,
        sums=user_stats_repo.get_sums(tx, user_id),
        achievements=reward_repo.list_of_user(tx, user_id),
        events=event_counter_repo.list_of_user(tx, user_id),
        last_events=events_repo.list_of_user(tx, user_id=user_id, before_id=NEWEST, limit=LAST_EVENTS),
    )


def _version(tx: Transaction, user_id: int) -> str:
    version = user_stats_repo.find_version(tx, user_id)
    if version is None:
        raise UserNotFound(user=user_id)
    return version
