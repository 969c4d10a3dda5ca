"""`flask laurel verify`: whether everything derived still equals its sources, and its repair."""

from collections.abc import Iterator
from dataclasses import replace

from app.repositories import (
    character_repo,
    leaderboard_repo,
    progress_repo,
    repair_repo,
    verify_combat_repo,
    verify_events_repo,
    verify_repo,
    verify_streak_repo,
)
from app.repositories.verify_repo import Drift
from app.rules.progress_rules import level_for_xp
from app.services import leaderboard_set_service
from app.transaction import Transaction, transaction

USERS_AT_ONCE = 1_000
REPAIRABLE = frozenset({"player_progress", "statistics_daily", "leaderboard_scores", "characters"})


def find_drift(*, repair: bool = False) -> Iterator[Drift]:
    """Every derived row that differs from its sources, in pages of users, in bounded memory; then the sorted sets.

    With `repair`, progress, daily statistics, leaderboards, xp and gold of characters, and sorted sets are written
    anew, user by user; what equals its sources afterwards is `mended`. While matches are being settled a row in motion
    may be named: run it again.
    """
    after_id: int | None = 0
    while after_id is not None:
        first_id = after_id
        after_id, drift = _page(first_id)
        users = {row.user_id for row in drift if row.table in REPAIRABLE} if repair else set()
        if users:
            for user_id in sorted(users):
                repair_user(user_id)
            leaderboard_set_service.publish_players(users)
            _, left = _page(first_id)
            left_rows = {(row.table, row.user_id, row.row) for row in left}
            drift = [replace(row, mended=(row.table, row.user_id, row.row) not in left_rows) for row in drift]
        yield from drift
    yield from _find_drift_of_sets(repair=repair)


@transaction("repair_user")
def repair_user(tx: Transaction, user_id: int) -> None:
    """Write the user's progress, daily statistics, scores, and xp and gold of his characters anew from their sources.

    What they are locked for keeps settlements waiting.
    """
    if not progress_repo.lock_many(tx, [user_id]):
        return
    xp, soft_currency = repair_repo.sum_ledger(tx, user_id)
    repair_repo.set_progress(tx, user_id, xp=xp, soft_currency=soft_currency, level=level_for_xp(xp))
    repair_repo.rebuild_statistics(tx, user_id)
    leaderboard_repo.hide_or_show(tx, user_ids=[user_id])
    repair_repo.rebuild_scores(tx, user_id)
    character_repo.lock_of_user(tx, user_id)
    repair_repo.rebuild_characters(tx, user_id)


def _find_drift_of_sets(*, repair: bool) -> Iterator[Drift]:
    for season, drift in leaderboard_set_service.find_set_drift():
        mended = repair and leaderboard_set_service.build_set(season)
        row = f"{season.board_code} season {season.season}"
        yield Drift("leaderboard_set", 0, row, drift, mended=mended)


@transaction("verify_page")
def _page(tx: Transaction, after_id: int) -> tuple[int | None, list[Drift]]:
    last_id = verify_repo.last_user_of_page(tx, after_id=after_id, users=USERS_AT_ONCE)
    if last_id is None:
        return None, []
    drift = [
        *verify_repo.find_progress_drift(tx, after_id=after_id, last_id=last_id),
        *verify_repo.find_statistics_drift(tx, after_id=after_id, last_id=last_id),
        *verify_repo.find_leaderboard_drift(tx, after_id=after_id, last_id=last_id),
        *_find_drift_of_outbox(tx, after_id, last_id),
        *verify_combat_repo.find_character_drift(tx, after_id=after_id, last_id=last_id),
        *verify_combat_repo.find_inventory_drift(tx, after_id=after_id, last_id=last_id),
        *verify_streak_repo.find_streak_drift(tx, after_id=after_id, last_id=last_id),
        *verify_streak_repo.find_checkin_drift(tx, after_id=after_id, last_id=last_id),
        *verify_streak_repo.find_login_drift(tx, after_id=after_id, last_id=last_id),
    ]
    return last_id, drift


def _find_drift_of_outbox(tx: Transaction, after_id: int, last_id: int) -> list[Drift]:
    """Of what follows by the outbox; users of whom something still waits there are left out."""
    drift = [
        *verify_repo.find_hidden_drift(tx, after_id=after_id, last_id=last_id),
        *verify_events_repo.find_counter_drift(tx, after_id=after_id, last_id=last_id),
        *verify_events_repo.find_metric_drift(tx, after_id=after_id, last_id=last_id),
        *verify_events_repo.find_user_stats_drift(tx, after_id=after_id, last_id=last_id),
        *verify_events_repo.find_notice_drift(tx, after_id=after_id, last_id=last_id),
    ]
    if not drift:
        return []
    in_motion = verify_events_repo.list_in_motion(tx, {row.user_id for row in drift})
    return [row for row in drift if row.user_id not in in_motion]
