"""Daily check-ins and streaks (contract, "System 4"): a day counts once and is paid in the same transaction.

Locks: the player's streak, then his progress, then what the achievement engine locks.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime

from prometheus_client import Counter

from app.clients import checkin_cache
from app.clock import utc_now
from app.errors import ProgressNotFound, ServiceUnavailable, UserNotFound
from app.extensions import current_config
from app.repositories import checkin_repo, outage_repo, progress_repo, reward_repo, streak_repo
from app.repositories.streak_repo import PlayersStreak
from app.rules.achievement_rules import Increment, Level, UnlockedLevel
from app.rules.outbox_rules import OutboxEvent
from app.rules.progress_rules import level_for_xp
from app.rules.streak_rules import (
    ACHIEVEMENT_CODE,
    DAY,
    METRIC,
    Outage,
    Standing,
    StreakState,
    StreakTerms,
    Today,
    after_choice,
    answer_is_final_until,
    in_effect,
    is_checked_in,
    living_days,
    state_after,
    today_of,
)
from app.rules.streak_rules import check_in as count_check_in
from app.services import achievement_service
from app.transaction import Transaction, transaction

checkins_total = Counter(
    "laurel_checkins_total", "Check-ins, counted or repeated on a day that had counted", ["outcome"]
)
for _outcome in ("counted", "repeated"):
    checkins_total.labels(_outcome)  # a figure that begins at 0 is seen to rise


def check_in(user_id: int) -> Standing:
    """Count today's check-in and pay it; on a day that is checked in already change nothing and say so.

    A repeat is answered from Redis as long as that is right for sure. Raises UserNotFound, ProgressNotFound.
    """
    redis_url = current_config().REDIS_URL
    remembered = checkin_cache.find(redis_url, user_id, utc_now())
    if remembered.answer is not None:
        checkins_total.labels("repeated").inc()
        return _from_json(remembered.answer)
    standing, final_until = _check_in(user_id)
    if remembered.epoch is not None and final_until is not None:
        answer = _to_json(standing)
        checkin_cache.store(redis_url, user_id, epoch=remembered.epoch, answer=answer, until=final_until)
    return standing


@transaction("check_in", batch=True)
def _check_in(tx: Transaction, user_id: int) -> tuple[Standing, datetime | None]:
    """The standing after the check-in, and until when it is what a repeat is told."""
    state = _in_effect(tx, streak_repo.lock(tx, user_id), user_id)
    today = today_of(state, tx.now)
    if is_checked_in(state, today.day):
        tx.count(checkins_total.labels("repeated"), 1)
        return _standing(tx, state, today), answer_is_final_until(state, today, tx.now)
    terms = streak_terms()
    checkin = count_check_in(state, today.day, tx.now, _outages(tx, state, today.day), terms)
    state = state_after(checkin, state.longest_streak)
    tx.batch([streak_repo.save(state), checkin_repo.insert(checkin, terms)])
    _pay(tx, user_id, terms)
    unlocked = achievement_service.increment_progress(
        tx, increments=[Increment(user_id, METRIC, delta=1, value=checkin.consecutive_days)]
    )
    tx.count(checkins_total.labels("counted"), 1)
    standing = _standing(tx, state, today, already=False, pay=(terms.xp, terms.soft_currency), unlocked=unlocked)
    return standing, answer_is_final_until(state, today, tx.now)


@transaction("get_checkin")
def get_checkin(tx: Transaction, user_id: int) -> Standing:
    """The player's streak as it stands now, 0 days once it is broken, and what today's check-in gave.

    Raises UserNotFound.
    """
    state = _in_effect(tx, streak_repo.find(tx, user_id), user_id)
    today = today_of(state, tx.now)
    if not is_checked_in(state, today.day) or state.last_checkin_at is None:
        return _standing(tx, state, today, already=False)
    pay = checkin_repo.find_pay(tx, user_id=user_id, day=today.day)
    unlocked = reward_repo.list_earned_at(tx, user_id=user_id, metric=METRIC, earned_at=state.last_checkin_at)
    return _standing(tx, state, today, pay=(pay.xp, pay.soft_currency) if pay else (0, 0), unlocked=unlocked)


def forget_remembered() -> bool:
    """What repeats are told may not be so any more: the tiers have changed. False if Redis is away."""
    return checkin_cache.forget_all(current_config().REDIS_URL)


def follow_changed_types(_events: Sequence[OutboxEvent]) -> None:
    """The same for as long as it takes. Raises ServiceUnavailable while Redis is away."""
    if not forget_remembered():
        raise ServiceUnavailable(reason="Redis is away")


def choose_zone(tx: Transaction, user_id: int, *, old_zone: str, new_zone: str) -> None:
    """The player has chosen another time zone: his streak is in it now or from 24 hours after the last check-in."""
    players = streak_repo.lock(tx, user_id)
    if players is None:
        raise UserNotFound(user=user_id)
    tx.execute(*streak_repo.save(after_choice(players.state, old_zone, new_zone, tx.now)))


def _in_effect(tx: Transaction, players: PlayersStreak | None, user_id: int) -> StreakState:
    if players is None:
        raise UserNotFound(user=user_id)
    return in_effect(players.state, players.chosen_zone, tx.now)


def _outages(tx: Transaction, state: StreakState, day: date) -> list[Outage]:
    """Those that matter: looked for only if days were missed."""
    if state.last_day is None or state.last_checkin_at is None or day <= state.last_day + DAY:
        return []
    return outage_repo.list_ended_after(tx, state.last_checkin_at)


def _pay(tx: Transaction, user_id: int, terms: StreakTerms) -> None:
    locked = progress_repo.lock_many(tx, [user_id])
    if not locked:
        raise ProgressNotFound(user_id=user_id)
    level = level_for_xp(locked[0].xp + terms.xp)
    progress_repo.add_to_many(tx, [(user_id, terms.xp, terms.soft_currency, level)])


def _standing(
    tx: Transaction,
    state: StreakState,
    today: Today,
    *,
    already: bool = True,
    pay: tuple[int, int] = (0, 0),
    unlocked: list[UnlockedLevel] | tuple[UnlockedLevel, ...] = (),
) -> Standing:
    """The next tier is the next one above the longest streak: earned ones are not paid again."""
    next_level = achievement_service.find_next_level(tx, code=ACHIEVEMENT_CODE, above=state.longest_streak)
    return Standing(
        day=today.day,
        consecutive_days=living_days(state, today.day, tx.now, _outages(tx, state, today.day)),
        longest_streak=state.longest_streak,
        already_checked_in=already,
        next_level=next_level,
        xp=pay[0] + sum(level.xp for level in unlocked),
        soft_currency=pay[1] + sum(level.soft_currency for level in unlocked),
        unlocked=tuple(unlocked),
        day_ends_at=today.ends_at,
        freezes=state.freezes,
    )


def streak_terms() -> StreakTerms:
    """What the configuration says about check-ins."""
    config = current_config()
    return StreakTerms(
        xp=config.CHECKIN_XP,
        soft_currency=config.CHECKIN_SOFT_CURRENCY,
        max_freezes=config.STREAK_MAX_FREEZES,
        freeze_every_days=config.STREAK_FREEZE_EVERY_DAYS,
    )


def _to_json(standing: Standing) -> str:
    """The standing as a repeat is told it: nothing is given a second time."""
    level = standing.next_level
    return json.dumps(
        {
            "day": standing.day.isoformat(),
            "consecutive_days": standing.consecutive_days,
            "longest_streak": standing.longest_streak,
            "next_level": asdict(level) if level else None,
            "day_ends_at": standing.day_ends_at.isoformat(),
            "freezes": standing.freezes,
        }
    )


def _from_json(answer: str) -> Standing:
    facts = json.loads(answer)
    return Standing(
        day=date.fromisoformat(facts["day"]),
        consecutive_days=facts["consecutive_days"],
        longest_streak=facts["longest_streak"],
        already_checked_in=True,
        next_level=Level(**facts["next_level"]) if facts["next_level"] else None,
        xp=0,
        soft_currency=0,
        unlocked=(),
        day_ends_at=datetime.fromisoformat(facts["day_ends_at"]),
        freezes=facts["freezes"],
    )
