"""`flask laurel verify`: whether every derived table still equals its sources."""

from collections.abc import Iterator

from app.repositories import verify_combat_repo, verify_events_repo, verify_repo, verify_streak_repo
from app.repositories.verify_repo import Drift
from app.transaction import Transaction, transaction

USERS_AT_ONCE = 1_000


def find_drift() -> Iterator[Drift]:
    """Every derived row that differs from its sources, in pages of users, in bounded memory.

    While matches are being settled it may name a row that is in motion: run it again.
    """
    after_id: int | None = 0
    while after_id is not None:
        after_id, drift = _page(after_id)
        yield from drift


@transaction("verify_page")
def _page(tx: Transaction, after_id: int) -> tuple[int | None, list[Drift]]:
    last_id = verify_repo.last_user_of_page(tx, after_id=after_id, users=USERS_AT_ONCE)
    if last_id is None:
        return None, []
    drift = [
        *verify_repo.find_progress_drift(tx, after_id=after_id, last_id=last_id),
        *verify_repo.find_statistics_drift(tx, after_id=after_id, last_id=last_id),
        *verify_repo.find_leaderboard_drift(tx, after_id=after_id, last_id=last_id),
        *_find_drift_of_counters(tx, after_id, last_id),
        *verify_combat_repo.find_character_drift(tx, after_id=after_id, last_id=last_id),
        *verify_combat_repo.find_inventory_drift(tx, after_id=after_id, last_id=last_id),
        *verify_streak_repo.find_streak_drift(tx, after_id=after_id, last_id=last_id),
        *verify_streak_repo.find_checkin_drift(tx, after_id=after_id, last_id=last_id),
        *verify_streak_repo.find_login_drift(tx, after_id=after_id, last_id=last_id),
    ]
    return last_id, drift


def _find_drift_of_counters(tx: Transaction, after_id: int, last_id: int) -> list[Drift]:
    """Of what is counted through the outbox; users of whom something still waits there are left out."""
    drift = [
        *verify_events_repo.find_counter_drift(tx, after_id=after_id, last_id=last_id),
        *verify_events_repo.find_metric_drift(tx, after_id=after_id, last_id=last_id),
        *verify_events_repo.find_user_stats_drift(tx, after_id=after_id, last_id=last_id),
        *verify_events_repo.find_notice_drift(tx, after_id=after_id, last_id=last_id),
    ]
    if not drift:
        return []
    in_motion = verify_events_repo.list_in_motion(tx, {row.user_id for row in drift})
    return [row for row in drift if row.user_id not in in_motion]
