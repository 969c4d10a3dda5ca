"""Daily check-ins: a day counts and pays once, whatever is repeated, at once, or in another time zone."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from app.errors import ProgressNotFound, UserNotFound
from app.repositories import checkin_repo
from app.rules.progress_rules import level_for_xp
from app.rules.streak_rules import Standing
from app.services import streak_service, user_service
from app.services.verify_service import find_drift
from tests.support.players import Player, at_once, finish_body, new_player, open_match

Sql = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("app_context")

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def check_in_on(player: Player, *days: int) -> Standing:
    """Check in at noon of these days after NOON; the standing after the last of them."""
    for day in days:
        with time_machine.travel(NOON + day * DAY, tick=False):
            standing = streak_service.check_in(player.id)
    return standing


def progress(sql: Sql, player: Player) -> tuple[int, int, int]:
    row = sql("SELECT xp, soft_currency, level FROM player_progress WHERE user_id = :id", id=player.id)[0]
    return row.xp, row.soft_currency, row.level


def drift_of(player: Player) -> list[Any]:
    return [drift for drift in find_drift() if drift.user_id == player.id]


def test_a_check_in_and_its_repeat(client: FlaskClient, player: Player, sql: Sql) -> None:
    before = client.get("/api/v1/checkin", headers=player.headers).get_json()["data"]
    first = client.post("/api/v1/checkin", headers=player.headers)
    again = client.post("/api/v1/checkin", headers=player.headers)
    after = client.get("/api/v1/checkin", headers=player.headers).get_json()["data"]
    assert (first.status_code, again.status_code) == (200, 200)
    bronze = {"tier": "bronze", "threshold": 7, "xp": 100, "soft_currency": 50}
    fresh = {"consecutive_days": 0, "longest_streak": 0, "already_checked_in": False, "rewards": rewards(0, 0)}
    counted = {"consecutive_days": 1, "longest_streak": 1, "next_tier": bronze, "unlocked": [], "freezes": 0}
    assert fresh.items() <= before.items()
    assert (counted | {"already_checked_in": False, "rewards": rewards(10, 5)}).items() <= first.json["data"].items()
    assert (counted | {"already_checked_in": True, "rewards": rewards(0, 0)}).items() <= again.json["data"].items()
    assert (counted | {"already_checked_in": True, "rewards": rewards(10, 5)}).items() <= after.items()
    today = datetime.now(UTC).date()
    assert {answer["date"] for answer in (before, after, first.json["data"])} == {today.isoformat()}
    assert after["day_ends_at"] == f"{today + DAY}T00:00:00.000Z"
    assert progress(sql, player) == (10, 5, 1)
    assert drift_of(player) == []


def rewards(xp: int, soft_currency: int) -> dict[str, int]:
    return {"xp": xp, "soft_currency": soft_currency}


def test_a_hundred_check_ins_at_once_count_once(app: Flask, player: Player, sql: Sql) -> None:
    standings = at_once(app, [lambda: streak_service.check_in(player.id) for _ in range(100)])
    assert sum(not standing.already_checked_in for standing in standings) == 1
    assert sum(standing.xp for standing in standings) == 10
    assert {standing.consecutive_days for standing in standings} == {1}
    assert progress(sql, player) == (10, 5, 1)
    assert sql("SELECT COUNT(*) FROM daily_checkins WHERE user_id = :id", id=player.id)[0][0] == 1
    assert sql("SELECT total FROM user_metrics WHERE user_id = :id", id=player.id)[0][0] == 1
    assert drift_of(player) == []


def test_check_ins_beside_settlements_lose_nothing(app: Flask, client: FlaskClient, player: Player, sql: Sql) -> None:
    matches = [open_match(app, player) for _ in range(8)]

    def finish(match_id: int) -> int:
        body = finish_body(match_id)
        return app.test_client().post("/match/finish", json=body, headers=player.headers).status_code

    at_once(
        app,
        [lambda match_id=match_id: finish(match_id) for match_id in matches]  # type: ignore[misc]
        + [lambda: streak_service.check_in(player.id) for _ in range(4)],
    )
    assert progress(sql, player)[:2] == (8 * 170 + 10, 8 * 340 + 5)
    assert drift_of(player) == []


@pytest.mark.parametrize(
    ("days", "tier", "xp", "soft_currency", "next_tier"),
    [
        (7, "bronze", 100, 50, "silver"),
        (30, "silver", 500, 250, "gold"),
        (120, "gold", 2000, 1000, None),
    ],
)
def test_a_tier_is_paid_with_the_check_in_that_reaches_it(
    player: Player, sql: Sql, days: int, tier: str, xp: int, soft_currency: int, next_tier: str | None
) -> None:
    check_in_on(player, 0)
    sql(
        "UPDATE user_streaks SET consecutive_days = :d, longest_streak = :d WHERE user_id = :id",
        d=days - 1,
        id=player.id,
    )
    reached = [earlier for earlier in (7, 30, 120) if earlier < days]
    sql("UPDATE user_metrics SET best = :best WHERE user_id = :id", best=days - 1, id=player.id)
    standing = check_in_on(player, 1)
    assert standing.consecutive_days == days
    assert [level.tier for level in standing.unlocked][-1] == tier
    assert len(standing.unlocked) == len(reached) + 1  # those that a streak out of nowhere has skipped are paid too
    paid = [(100, 50), (500, 250), (2000, 1000)][: len(standing.unlocked)]
    assert (standing.xp, standing.soft_currency) == (10 + sum(p[0] for p in paid), 5 + sum(p[1] for p in paid))
    assert paid[-1] == (xp, soft_currency)
    assert (standing.next_level and standing.next_level.tier) == next_tier
    total = progress(sql, player)
    assert total == (20 + sum(p[0] for p in paid), 10 + sum(p[1] for p in paid), level_for_xp(total[0]))


def test_a_hundred_and_twenty_days_pay_every_day_and_every_tier_once(player: Player, sql: Sql) -> None:
    """In Berlin, over the end of summer time and of the year."""
    choose(player, "Europe/Berlin")
    unlocked: dict[str, int] = {}
    for day in range(120):
        with time_machine.travel(datetime(2026, 10, 1, 12, tzinfo=UTC) + day * DAY, tick=False):
            standing = streak_service.check_in(player.id)
            assert streak_service.check_in(player.id).already_checked_in
        unlocked |= {level.tier: standing.consecutive_days for level in standing.unlocked}
    assert unlocked == {"bronze": 7, "silver": 30, "gold": 120}
    assert progress(sql, player) == (120 * 10 + 2600, 120 * 5 + 1300, level_for_xp(3800))
    assert (standing.longest_streak, standing.freezes, standing.next_level) == (120, 2, None)
    assert drift_of(player) == []
    assert sql("SELECT COUNT(*) FROM notifications WHERE user_id = :id", id=player.id)[0][0] == 3


def test_what_today_gave_is_read_again(player: Player) -> None:
    check_in_on(player, 0, 1, 2, 3, 4, 5)
    first = check_in_on(player, 6)
    with time_machine.travel(NOON + 6 * DAY + timedelta(hours=3)):
        standing = streak_service.get_checkin(player.id)
        repeated = streak_service.check_in(player.id)
    assert (standing.xp, standing.soft_currency, standing.unlocked) == (110, 55, first.unlocked)
    assert (repeated.xp, repeated.soft_currency, repeated.unlocked) == (0, 0, ())


def test_a_missed_day_breaks_the_streak_and_a_tier_is_paid_once(player: Player, sql: Sql) -> None:
    sql("UPDATE user_streaks SET freezes = 0 WHERE user_id = :id", id=player.id)
    check_in_on(player, *range(7))
    sql("UPDATE user_streaks SET freezes = 0 WHERE user_id = :id", id=player.id)
    with time_machine.travel(NOON + 8 * DAY):
        assert streak_service.get_checkin(player.id).consecutive_days == 0
    broken = check_in_on(player, 8)
    assert (broken.consecutive_days, broken.longest_streak) == (1, 7)
    seventh = check_in_on(player, *range(9, 15))
    assert (seventh.consecutive_days, seventh.unlocked, seventh.xp) == (7, (), 10)
    assert progress(sql, player)[0] == 14 * 10 + 100


def test_a_freeze_bridges_a_missed_day(player: Player) -> None:
    assert check_in_on(player, *range(7)).freezes == 1
    with time_machine.travel(NOON + 8 * DAY):
        assert streak_service.get_checkin(player.id).consecutive_days == 7
    bridged = check_in_on(player, 8)
    assert (bridged.consecutive_days, bridged.freezes) == (8, 0)
    assert drift_of(player) == []
    assert check_in_on(player, 10).consecutive_days == 1
    assert drift_of(player) == []


def test_xp_and_level_never_fall(player: Player, sql: Sql) -> None:
    sql("UPDATE player_progress SET level = 9 WHERE user_id = :id", id=player.id)
    streak_service.check_in(player.id)
    assert progress(sql, player) == (10, 5, 9)


def test_a_fault_in_the_middle_leaves_nothing(app: Flask, player: Player, sql: Sql, monkeypatch: Any) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr(streak_service.achievement_service, "increment_progress", fail)
    with app.test_client() as client:
        answer = client.post("/api/v1/checkin", headers=player.headers)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (500, "TX_FAILED")
    monkeypatch.undo()
    assert progress(sql, player) == (0, 0, 1)
    assert streak_service.check_in(player.id).consecutive_days == 1


def test_somebody_without_a_row_is_refused(player: Player, sql: Sql) -> None:
    with pytest.raises(UserNotFound):
        streak_service.check_in(2**62)
    with pytest.raises(UserNotFound):
        streak_service.get_checkin(2**62)
    sql("DELETE FROM player_progress WHERE user_id = :id", id=player.id)
    with pytest.raises(ProgressNotFound):
        streak_service.check_in(player.id)
    assert sql("SELECT last_day FROM user_streaks WHERE user_id = :id", id=player.id)[0][0] is None


def choose(player: Player, zone: str) -> None:
    user_service.change_profile(player.id, display_name=None, time_zone=zone)


def test_the_day_is_that_of_the_players_zone(player: Player) -> None:
    choose(player, "Pacific/Auckland")
    with time_machine.travel(datetime(2026, 11, 16, 10, 59, tzinfo=UTC), tick=False) as clock:
        first = streak_service.check_in(player.id)
        assert (first.day, first.day_ends_at) == (date(2026, 11, 16), datetime(2026, 11, 16, 11, tzinfo=UTC))
        clock.shift(timedelta(minutes=1))
        second = streak_service.check_in(player.id)
        assert (second.day, second.consecutive_days) == (date(2026, 11, 17), 2)


def test_from_auckland_to_honolulu_and_back(player: Player, sql: Sql) -> None:
    choose(player, "Pacific/Auckland")
    with time_machine.travel(datetime(2026, 11, 16, 19, tzinfo=UTC), tick=False) as clock:  # the 17th, 8:00
        assert streak_service.check_in(player.id).day == date(2026, 11, 17)
        choose(player, "Pacific/Honolulu")
        clock.shift(timedelta(hours=23))  # not in effect yet: the 18th in Auckland
        assert streak_service.check_in(player.id).day == date(2026, 11, 18)
        clock.shift(timedelta(hours=24))  # the 18th in Honolulu, 8:00: that date has counted
        refused = streak_service.check_in(player.id)
        assert (refused.already_checked_in, refused.day) == (True, date(2026, 11, 18))
        assert refused.day_ends_at == datetime(2026, 11, 19, 10, tzinfo=UTC)
        choose(player, "Pacific/Auckland")  # in effect at once: the 19th, 7:00
        assert streak_service.check_in(player.id).day == date(2026, 11, 19)
        clock.shift(timedelta(hours=20))
        last = streak_service.check_in(player.id)
        assert (last.day, last.consecutive_days) == (date(2026, 11, 20), 4)
    assert [row.day for row in sql("SELECT day FROM daily_checkins WHERE user_id = :id", id=player.id)] == [
        date(2026, 11, day) for day in (17, 18, 19, 20)
    ]
    assert drift_of(player) == []


def test_a_zone_is_changed_while_the_player_checks_in(app: Flask, player: Player, sql: Sql) -> None:
    zones = ["Pacific/Auckland", "Pacific/Honolulu", "Europe/Berlin", "UTC"]
    calls: list[Callable[[], Any]] = [lambda zone=zone: choose(player, zone) for zone in zones]  # type: ignore[misc]
    at_once(app, calls + [lambda: streak_service.check_in(player.id) for _ in range(12)])
    assert sql("SELECT COUNT(*) FROM daily_checkins WHERE user_id = :id", id=player.id)[0][0] == 1
    assert drift_of(player) == []


def test_the_profile_is_not_locked_by_a_check_in(player: Player, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    insert = checkin_repo.insert

    def insert_while_the_profile_is_written(*arguments: Any) -> Any:
        sql("SET SESSION innodb_lock_wait_timeout = 1")
        sql("UPDATE users SET display_name = 'Somebody' WHERE id = :id", id=player.id)
        return insert(*arguments)

    monkeypatch.setattr(checkin_repo, "insert", insert_while_the_profile_is_written)
    assert streak_service.check_in(player.id).consecutive_days == 1


def test_an_erased_player_leaves_no_zone(app: Flask, client: FlaskClient, sql: Sql) -> None:
    player = new_player(app)
    choose(player, "Asia/Kolkata")
    streak_service.check_in(player.id)
    assert client.delete("/api/v1/users/me", headers=player.headers).status_code == 200
    zones = "SELECT time_zone FROM {} WHERE user_id = :id"
    assert [sql(zones.format(table), id=player.id)[0][0] for table in ("user_streaks", "daily_checkins")] == ["UTC"] * 2


@pytest.mark.parametrize(
    ("damage", "table", "difference"),
    [
        (
            "UPDATE user_streaks SET consecutive_days = 9 WHERE user_id = :id",
            "user_streaks",
            {"consecutive_days": 7, "longest_streak": 0, "freezes": 0, "last_day": 0},
        ),
        (
            "UPDATE user_streaks SET last_day = last_day + INTERVAL 1 DAY, longest_streak = 1 WHERE user_id = :id",
            "user_streaks",
            {"consecutive_days": 0, "longest_streak": -1, "freezes": 0, "last_day": 1},
        ),
        (
            "UPDATE daily_checkins SET consecutive_days = 5 WHERE user_id = :id AND day = '2026-03-10'",
            "daily_checkins",
            {"consecutive_days": 4},
        ),
        (
            "UPDATE daily_checkins SET xp_granted = 3 WHERE user_id = :id AND day = '2026-03-10'",
            "player_progress",
            {"xp": 7, "soft_currency": 0, "level": 0},
        ),
        ("UPDATE user_metrics SET total = 5 WHERE user_id = :id", "user_metrics", {"total": 3, "best": 0}),
    ],
)
def test_verify_names_what_is_damaged(
    player: Player, sql: Sql, damage: str, table: str, difference: dict[str, int]
) -> None:
    check_in_on(player, 0, 1)
    assert drift_of(player) == []
    sql(damage, id=player.id)
    assert difference in [drift.difference for drift in drift_of(player) if drift.table == table]
