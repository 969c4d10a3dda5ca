"""`flask laurel repair-streaks`: an outage of the server breaks nobody's streak.

The outage is noted, and from then on check-ins and standings excuse the local days that it touched; who has not come
back yet needs nothing else. Who has come back before it was noted gets the streak, freezes and tiers that he would
have.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby

from app.clients import checkin_cache
from app.extensions import current_config
from app.repositories import audit_repo, checkin_repo, outage_repo, streak_repo
from app.rules.achievement_rules import Increment
from app.rules.streak_rules import (
    DAY,
    METRIC,
    CheckIn,
    Outage,
    StreakState,
    living_days,
    local_day,
    replay,
)
from app.services import achievement_service
from app.services.streak_service import streak_terms
from app.transaction import Transaction, transaction

USERS_AT_ONCE = 500
FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
WIDEST_OFFSET = timedelta(hours=14)  # between UTC and any zone


@dataclass(frozen=True, slots=True)
class Repair:
    """What a repair did, or as a dry run would do.

    `waiting` streaks were alive and go on when their players come back, `mended` ones had gone on shorter than they
    should, `levels` were unlocked by that. `forgotten`: no answer from before the repair is given any more.
    """

    waiting: int = 0
    mended: int = 0
    levels: int = 0
    forgotten: bool = True


def repair_streaks(outage: Outage, *, dry_run: bool, actor_id: int, request_id: str) -> Repair:
    """Bridge every streak that was alive when the outage began. Again, or cut off and again, changes nothing more."""
    outage_id = None if dry_run else _note(outage, actor_id, request_id)
    total = Repair()
    after_id: int | None = 0
    while after_id is not None:
        after_id, page = _page(after_id, outage, dry_run)
        total = replace(
            total,
            waiting=total.waiting + page.waiting,
            mended=total.mended + page.mended,
            levels=total.levels + page.levels,
        )
    if outage_id is not None:
        total = replace(total, forgotten=checkin_cache.forget_all(current_config().REDIS_URL))
        _audit(outage_id, total, actor_id, request_id)
    return total


@transaction("note_outage")
def _note(tx: Transaction, outage: Outage, actor_id: int, request_id: str) -> int:
    outage_id = outage_repo.insert(tx, outage)
    audit_repo.insert(
        tx,
        actor_id=actor_id,
        action="streaks.repair",
        subject_type="outage",
        subject_id=outage_id,
        details={"starts_at": outage.starts_at.isoformat(), "ends_at": outage.ends_at.isoformat()},
        request_id=request_id,
    )
    return outage_id


@transaction("audit_repaired_streaks")
def _audit(tx: Transaction, outage_id: int, repair: Repair, actor_id: int, request_id: str) -> None:
    audit_repo.insert(
        tx,
        actor_id=actor_id,
        action="streaks.repaired",
        subject_type="outage",
        subject_id=outage_id,
        details={"waiting": repair.waiting, "mended": repair.mended, "levels": repair.levels},
        request_id=request_id,
    )


@transaction("repair_streaks_page")
def _page(tx: Transaction, after_id: int, outage: Outage, dry_run: bool) -> tuple[int | None, Repair]:
    """The next USERS_AT_ONCE users whose streak may have been alive when the outage began."""
    first_day = (outage.starts_at - WIDEST_OFFSET).date()
    alive_since = first_day - DAY * (1 + current_config().STREAK_MAX_FREEZES)
    states = streak_repo.lock_page(tx, after_id=after_id, since=alive_since, limit=USERS_AT_ONCE)
    if not states:
        return None, Repair()
    outages = _known_with(tx, outage)
    waiting = sum(_waits(state, outage, outages) for state in states)
    came_back = {state.user_id: state for state in states if state.last_day and state.last_day >= first_day}
    before = checkin_repo.list_since(tx, list(came_back), day=first_day)
    after = _replayed(before, outages)
    mended = [new for old, new in zip(before, after, strict=True) if new != old]
    new_states = _mended_states(came_back, after, {checkin.user_id for checkin in mended})
    levels = 0
    if mended and not dry_run:
        checkin_repo.rewrite(tx, mended)
        streak_repo.save_lengths(tx, new_states)
        increments = [Increment(state.user_id, METRIC, value=state.longest_streak) for state in new_states]
        levels = len(achievement_service.increment_progress(tx, increments=increments))
    return states[-1].user_id, Repair(waiting, len(new_states), levels)


def _known_with(tx: Transaction, outage: Outage) -> list[Outage]:
    """All outages, the new one also in a dry run."""
    known = outage_repo.list_ended_after(tx, FIRST_MOMENT)
    return known if outage in known else [*known, outage]


def _waits(state: StreakState, outage: Outage, outages: Sequence[Outage]) -> bool:
    """Whether the player was alive when it began and has not come back since."""
    if state.last_checkin_at is None or state.last_checkin_at >= outage.ends_at:
        return False
    return living_days(state, local_day(state.time_zone, outage.ends_at), outage.ends_at, outages) > 0


def _replayed(checkins: Sequence[CheckIn], outages: Sequence[Outage]) -> list[CheckIn]:
    terms = streak_terms()
    return [
        checkin
        for _, players in groupby(checkins, key=lambda checkin: checkin.user_id)
        for checkin in replay(list(players), outages, terms)
    ]


def _mended_states(
    states: Mapping[int, StreakState], checkins: Sequence[CheckIn], users: Collection[int]
) -> list[StreakState]:
    """The streaks of these users after their check-ins, which stand by user and day."""
    mended = []
    for user_id, players in groupby(checkins, key=lambda checkin: checkin.user_id):
        if user_id in users:
            *_, last = own = list(players)
            longest = max(states[user_id].longest_streak, *(checkin.consecutive_days for checkin in own))
            mended.append(
                replace(
                    states[user_id],
                    consecutive_days=last.consecutive_days,
                    longest_streak=longest,
                    freezes=last.freezes,
                )
            )
    return mended
