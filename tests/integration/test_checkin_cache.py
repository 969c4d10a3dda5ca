"""The repeat of a check-in is answered by Redis: without the database, and never with what is not so any more."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from app.clients import checkin_cache, redis_client
from app.embedded.redis import PrivateRedis
from app.extensions import db
from app.rules.streak_rules import ACHIEVEMENT_CODE as CODE
from app.rules.streak_rules import Outage
from app.services import streak_repair_service, streak_service, user_service
from config import Config
from tests.support.players import Player, at_once

Sql = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("app_context")

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateRedis]:
    server = PrivateRedis(tmp_path_factory.mktemp("redis"), password="p" * 20)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis(server: PrivateRedis, config: Config, monkeypatch: pytest.MonkeyPatch) -> PrivateRedis:
    """A running Redis that the services know."""
    configured = config.model_copy(update={"REDIS_URL": server.url})
    for service in (streak_service, streak_repair_service):
        monkeypatch.setattr(service, "current_config", lambda: configured)
    redis_client.quick.cache_clear()
    redis_client.patient.cache_clear()
    redis_client.connect(server.url).flushall()
    return server


@pytest.fixture
def checkouts() -> Iterator[list[str]]:
    """Every connection that is taken to speak with the database."""
    taken: list[str] = []

    def note(*_: object) -> None:
        taken.append("")

    for engine in db.engines.values():
        event.listen(engine, "checkout", note)
    yield taken
    for engine in db.engines.values():
        event.remove(engine, "checkout", note)


def test_a_repeat_does_not_touch_the_database(redis: PrivateRedis, player: Player, checkouts: list[str]) -> None:
    first = streak_service.check_in(player.id)
    checkouts.clear()
    again = streak_service.check_in(player.id)
    assert checkouts == []
    assert (again.already_checked_in, again.xp, again.soft_currency, again.unlocked) == (True, 0, 0, ())
    for fact in ("day", "consecutive_days", "longest_streak", "next_level", "day_ends_at", "freezes"):
        assert getattr(again, fact) == getattr(first, fact)


def test_a_repeat_from_redis_is_what_the_database_says(redis: PrivateRedis, player: Player, sql: Sql) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(8):
            streak_service.check_in(player.id)
            from_redis = streak_service.check_in(player.id)
            redis_client.connect(redis.url).flushall()
            assert streak_service.check_in(player.id) == from_redis
            clock.shift(timedelta(days=1))


def test_the_next_day_is_counted(redis: PrivateRedis, player: Player) -> None:
    with time_machine.travel(datetime(2026, 3, 10, 23, 59, 59, tzinfo=UTC), tick=False) as clock:
        streak_service.check_in(player.id)
        clock.shift(1)
        standing = streak_service.check_in(player.id)
    assert (standing.already_checked_in, standing.consecutive_days, standing.day) == (False, 2, date(2026, 3, 11))


def test_an_answer_is_gone_when_the_day_ends(redis: PrivateRedis, player: Player) -> None:
    standing = streak_service.check_in(player.id)
    expires = redis_client.connect(redis.url).pexpiretime(f"laurel:checkin:{player.id}")
    assert expires == round(standing.day_ends_at.timestamp() * 1000)


def test_a_day_of_25_hours_is_remembered_for_24(redis: PrivateRedis, player: Player) -> None:
    user_service.change_profile(player.id, display_name=None, time_zone="Europe/Berlin")
    with time_machine.travel(datetime(2026, 10, 24, 22, 10, tzinfo=UTC), tick=False) as clock:  # the 25th, 0:10
        streak_service.check_in(player.id)
        user_service.change_profile(player.id, display_name=None, time_zone="Pacific/Auckland")
        clock.shift(timedelta(hours=24))  # 23:10 in Berlin, and in effect from now on: the 26th in Auckland
        assert streak_service.check_in(player.id).day == date(2026, 10, 26)


def test_what_no_check_in_of_the_last_day_explains_is_not_remembered(
    redis: PrivateRedis, player: Player, checkouts: list[str]
) -> None:
    user_service.change_profile(player.id, display_name=None, time_zone="Pacific/Auckland")
    with time_machine.travel(datetime(2026, 11, 16, 19, tzinfo=UTC), tick=False) as clock:
        streak_service.check_in(player.id)
        user_service.change_profile(player.id, display_name=None, time_zone="Pacific/Honolulu")
        clock.shift(timedelta(hours=24))
        assert streak_service.check_in(player.id).already_checked_in
        user_service.change_profile(player.id, display_name=None, time_zone="Pacific/Auckland")
        assert not streak_service.check_in(player.id).already_checked_in


def test_a_repair_is_seen_at_once(redis: PrivateRedis, player: Player) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        streak_service.check_in(player.id)
        clock.shift(timedelta(days=3))
        assert streak_service.check_in(player.id).consecutive_days == 1
        outage = Outage(NOON + timedelta(hours=1), NOON + timedelta(days=2, hours=20))
        streak_repair_service.repair_streaks(outage, dry_run=False, actor_id=0, request_id="test")
        assert streak_service.check_in(player.id).consecutive_days == 2


def test_other_tiers_are_seen_at_once(
    redis: PrivateRedis, client: FlaskClient, player: Player, admin: Player, sql: Sql
) -> None:
    streak_service.check_in(player.id)
    url = f"/api/v1/admin/achievement-types/{sql('SELECT id FROM achievement_types WHERE code = :c', c=CODE)[0].id}"
    present = client.get(url, headers=admin.headers).get_json()["data"]
    sooner = {name: present[name] for name in ("code", "name", "description", "metric", "combine", "hidden")}
    sooner["levels"] = [{"tier": "bronze", "threshold": 3, "xp": 1, "soft_currency": 1, "points": 0}]
    assert client.put(url, json=sooner, headers=admin.headers).status_code == 200
    changed = streak_service.check_in(player.id).next_level
    assert client.put(url, json={**sooner, "levels": present["levels"]}, headers=admin.headers).status_code == 200
    restored = streak_service.check_in(player.id).next_level
    assert [level and level.threshold for level in (changed, restored)] == [3, 7]


def test_an_answer_read_before_a_repair_is_not_stored_after_it(redis: PrivateRedis, player: Player) -> None:
    epoch = checkin_cache.find(redis.url, player.id, NOON).epoch
    assert epoch is not None
    assert checkin_cache.forget_all(redis.url)
    until = datetime.now(UTC) + timedelta(hours=1)
    assert not checkin_cache.store(redis.url, player.id, epoch=epoch, answer="{}", until=until)
    assert checkin_cache.find(redis.url, player.id, NOON).answer is None


def test_an_epoch_that_was_lost_does_not_come_again(redis: PrivateRedis, player: Player) -> None:
    streak_service.check_in(player.id)
    redis_client.connect(redis.url).delete(checkin_cache.EPOCH)
    assert checkin_cache.find(redis.url, player.id, datetime.now(UTC)).answer is None


def test_many_at_once_with_redis_count_once(redis: PrivateRedis, app: Flask, player: Player) -> None:
    standings = at_once(app, [lambda: streak_service.check_in(player.id) for _ in range(40)])
    assert sum(not standing.already_checked_in for standing in standings) == 1


def test_without_redis_check_ins_count_all_the_same(redis: PrivateRedis, player: Player, checkouts: list[str]) -> None:
    redis.kill()
    try:
        assert not streak_service.check_in(player.id).already_checked_in
        assert streak_service.check_in(player.id).already_checked_in
        assert not checkin_cache.forget_all(redis.url)
    finally:
        redis.start()
