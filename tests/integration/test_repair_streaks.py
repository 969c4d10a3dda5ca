"""`flask laurel repair-streaks`: an outage breaks nobody's streak."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from app.cli.laurel import laurel_cli
from app.rules.streak_rules import Outage
from app.services import streak_repair_service, streak_service, user_service
from app.services.streak_repair_service import Repair, repair_streaks
from app.services.verify_service import find_drift
from tests.support.players import Player, new_player

Sql = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("app_context", "nobody_else")

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
OUTAGE = Outage(NOON + timedelta(hours=8), NOON + timedelta(days=1, hours=19))  # the 10th, 20:00, to the 12th, 7:00


@pytest.fixture
def nobody_else(sql: Sql) -> None:
    """The streaks of other tests' players are long over."""
    sql("DELETE FROM streak_outages")
    sql("UPDATE user_streaks SET last_day = '2000-01-01' WHERE last_day IS NOT NULL")


def check_in_at(player: Player, *days: float) -> int:
    for day in days:
        with time_machine.travel(NOON + timedelta(days=day), tick=False):
            standing = streak_service.check_in(player.id)
    return standing.consecutive_days


def repair(outage: Outage = OUTAGE, *, dry_run: bool = False) -> Repair:
    return repair_streaks(outage, dry_run=dry_run, actor_id=0, request_id="test")


def days_of(sql: Sql, player: Player) -> list[int]:
    rows = sql("SELECT consecutive_days FROM daily_checkins WHERE user_id = :id ORDER BY day", id=player.id)
    return [row.consecutive_days for row in rows]


def drift_of(player: Player) -> list[Any]:
    return [drift for drift in find_drift() if drift.user_id == player.id and drift.table != "user_streaks"]


def test_who_was_alive_goes_on_and_who_was_not_begins_anew(app: Flask, sql: Sql) -> None:
    alive, today, dead, late = [new_player(app) for _ in range(4)]
    check_in_at(alive, -3, -2, -1)  # had until midnight of the 10th
    check_in_at(today, -1, 0)
    check_in_at(dead, -3, -2)
    check_in_at(late, -1, 0)
    assert repair() == Repair(waiting=3, mended=0, levels=0)
    assert check_in_at(alive, 2) == 4
    assert check_in_at(today, 2, 3) == 4
    assert check_in_at(dead, 2) == 1
    assert check_in_at(late, 4) == 1  # the 13th was his to miss
    for player in (alive, today, dead, late):
        assert drift_of(player) == []


def test_who_came_back_before_the_repair_is_mended(app: Flask, player: Player, sql: Sql) -> None:
    check_in_at(player, -2, -1, 2, 3)
    assert days_of(sql, player) == [1, 2, 1, 2]
    assert repair() == Repair(waiting=0, mended=1, levels=0)
    assert days_of(sql, player) == [1, 2, 3, 4]
    assert check_in_at(player, 4) == 5
    assert find_of(player) == []


def find_of(player: Player) -> list[Any]:
    return [drift for drift in find_drift() if drift.user_id == player.id]


def test_a_tier_that_the_outage_cost_is_paid(player: Player, sql: Sql) -> None:
    check_in_at(player, -4, -3, -2, -1, 2, 3, 4)
    assert repair() == Repair(waiting=0, mended=1, levels=1)
    assert days_of(sql, player) == [1, 2, 3, 4, 5, 6, 7]
    streak = sql("SELECT longest_streak, freezes FROM user_streaks WHERE user_id = :id", id=player.id)[0]
    assert tuple(streak) == (7, 1)
    assert sql("SELECT xp FROM player_progress WHERE user_id = :id", id=player.id)[0].xp == 7 * 10 + 100
    assert find_of(player) == []


def test_freezes_come_back(player: Player, sql: Sql) -> None:
    sql("UPDATE user_streaks SET freezes = 2 WHERE user_id = :id", id=player.id)
    check_in_at(player, -1, 2)
    assert sql("SELECT freezes FROM user_streaks WHERE user_id = :id", id=player.id)[0].freezes == 0
    repair()
    assert sql("SELECT freezes FROM user_streaks WHERE user_id = :id", id=player.id)[0].freezes == 2


def test_again_changes_nothing_more(player: Player, sql: Sql) -> None:
    check_in_at(player, -4, -3, -2, -1, 2, 3, 4)
    repair()
    rows = "SELECT * FROM daily_checkins WHERE user_id = :id"
    before = sql(rows, id=player.id), sql("SELECT * FROM player_progress WHERE user_id = :id", id=player.id)
    assert repair() == Repair(waiting=0, mended=0, levels=0)
    assert (sql(rows, id=player.id), sql("SELECT * FROM player_progress WHERE user_id = :id", id=player.id)) == before
    assert sql("SELECT COUNT(*) FROM streak_outages")[0][0] == 1


def test_a_dry_run_says_what_the_run_then_does_and_writes_nothing(app: Flask, sql: Sql) -> None:
    players = [new_player(app) for _ in range(4)]
    for player, days in zip(players, [(-1,), (-1, 2), (-2, -1, 4), (0, 2)], strict=True):
        check_in_at(player, *days)
    said = repair(dry_run=True)
    assert said == Repair(waiting=1, mended=2, levels=0)
    assert [days_of(sql, player) for player in players] == [[1], [1, 1], [1, 2, 1], [1, 1]]
    assert sql("SELECT COUNT(*) FROM streak_outages")[0][0] == 0
    assert repair() == said
    assert [days_of(sql, player) for player in players] == [[1], [1, 2], [1, 2, 1], [1, 2]]


def test_two_outages_one_after_the_other(player: Player, sql: Sql) -> None:
    check_in_at(player, -1, 5)
    second = Outage(OUTAGE.ends_at + timedelta(hours=2), NOON + timedelta(days=4, hours=11))
    assert repair() == Repair(waiting=0, mended=0, levels=0)
    assert repair(second) == Repair(waiting=0, mended=1, levels=0)
    assert days_of(sql, player) == [1, 2]


def test_the_days_are_those_of_each_players_zone(app: Flask) -> None:
    """Away from midnight to midnight in Auckland; in UTC from 11:00 to 11:00, so both days are excused."""
    outage = Outage(datetime(2026, 3, 10, 11, tzinfo=UTC), datetime(2026, 3, 11, 11, tzinfo=UTC))
    players = {zone: new_player(app) for zone in ("Pacific/Auckland", "UTC")}
    for zone, player in players.items():
        user_service.change_profile(player.id, display_name=None, time_zone=zone)
        with time_machine.travel(datetime(2026, 3, 10, 10, 30, tzinfo=UTC), tick=False):
            streak_service.check_in(player.id)
    repair_streaks(outage, dry_run=False, actor_id=0, request_id="test")
    with time_machine.travel(datetime(2026, 3, 11, 12, tzinfo=UTC), tick=False):
        assert streak_service.check_in(players["Pacific/Auckland"].id).consecutive_days == 2  # the 12th
    with time_machine.travel(datetime(2026, 3, 12, 12, tzinfo=UTC), tick=False):
        assert streak_service.check_in(players["UTC"].id).consecutive_days == 2


def test_it_works_in_pages(app: Flask, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streak_repair_service, "USERS_AT_ONCE", 2)
    players = [new_player(app) for _ in range(5)]
    for player in players:
        check_in_at(player, -1, 2)
    assert repair() == Repair(waiting=0, mended=5, levels=0)
    assert [days_of(sql, player) for player in players] == [[1, 2]] * 5


def test_the_command(app: Flask, player: Player, sql: Sql) -> None:
    check_in_at(player, -1, 2)
    runner = app.test_cli_runner()
    arguments = ["repair-streaks", "--from", "2026-03-10T20:00Z", "--to", "2026-03-11"]
    dry = runner.invoke(laurel_cli, [*arguments, "--dry-run"])
    assert (dry.exit_code, dry.output.splitlines()[1]) == (0, "1 streaks would be mended, 0 levels unlocked.")
    run = runner.invoke(laurel_cli, arguments)
    assert (run.exit_code, run.output.splitlines()[1]) == (0, "1 streaks mended, 0 levels unlocked.")
    noted = sql("SELECT id, starts_at, ends_at FROM streak_outages")[0]
    assert (noted.starts_at, noted.ends_at) == (datetime(2026, 3, 10, 20), datetime(2026, 3, 12))
    audit = sql(
        "SELECT action FROM audit_log WHERE subject_type = 'outage' AND subject_id = :id ORDER BY id", id=noted.id
    )
    assert [row.action for row in audit] == ["streaks.repair", "streaks.repaired"]


@pytest.mark.parametrize(
    "times", [("2026-03-12", "2026-03-11"), ("2026-03-12", "2999-01-01"), ("yesterday", "2026-03-11")]
)
def test_the_command_refuses_times_that_cannot_be(app: Flask, times: tuple[str, str], sql: Sql) -> None:
    result = app.test_cli_runner().invoke(laurel_cli, ["repair-streaks", "--from", times[0], "--to", times[1]])
    assert result.exit_code != 0
    assert sql("SELECT COUNT(*) FROM streak_outages")[0][0] == 0
