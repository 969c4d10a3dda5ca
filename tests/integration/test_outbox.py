"""What follows a commit: applied once, in order per key, whatever is delivered twice, late or fails."""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from uuid_utils.compat import uuid7

from app.clock import utc_now
from app.repositories import outbox_repo
from app.rules.outbox_rules import OutboxEvent, shard_of
from app.services import outbox_service
from app.transaction import Transaction, transaction
from app.workers.handlers import HANDLERS
from tests.support.effects import POISON_EVENT, TEST_EVENT, TEST_HANDLERS, create_effects_table, effects
from tests.support.players import Player, at_once, finish_body, new_player, open_match

Sql = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("app_context", "empty_outbox")


@pytest.fixture
def empty_outbox(engine: Engine, sql: Sql) -> None:
    create_effects_table(engine)
    sql("DELETE FROM outbox")
    sql("DELETE FROM dead_letters")
    sql("UPDATE outbox_shards SET lease_token = NULL, leased_until = '2000-01-01'")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The clock stands still until a test moves it."""
    with time_machine.travel(utc_now(), tick=False) as traveller:
        yield traveller


@transaction("announce_for_test", batch=True)
def announce(tx: Transaction, key: str, numbers: Sequence[int], event_type: str = TEST_EVENT) -> None:
    tx.batch(
        [
            outbox_repo.insert(event_type=event_type, key=key, payload={"number": number}, now=tx.now)
            for number in numbers
        ]
    )


def deliver() -> int:
    """Lease what is there and apply it, as relay and worker do; returns how many events were applied."""
    lease = outbox_service.lease_shards()
    return sum(outbox_service.apply_shard(shard, lease.token, TEST_HANDLERS) for shard in lease.shards)


def test_events_are_applied_once_and_in_order(engine: Engine, sql: Sql) -> None:
    announce("a", range(1200))
    announce("b", range(3))
    assert deliver() == 1203
    assert effects(engine, "a") == list(range(1200))
    assert effects(engine, "b") == [0, 1, 2]
    assert sql("SELECT COUNT(*) FROM outbox WHERE done_at IS NULL")[0][0] == 0
    assert deliver() == 0
    assert outbox_service.get_figures().pending == 0


def test_a_leased_shard_is_not_leased_again_until_the_lease_ends(engine: Engine, clock: time_machine.Traveller) -> None:
    announce("a", [1])
    first = outbox_service.lease_shards()
    assert first.shards == [shard_of("a")]
    assert outbox_service.lease_shards().shards == []
    clock.shift(31)
    second = outbox_service.lease_shards()
    assert second.shards == first.shards
    assert outbox_service.apply_shard(first.shards[0], first.token, TEST_HANDLERS) == 0
    assert outbox_service.apply_shard(second.shards[0], second.token, TEST_HANDLERS) == 1
    assert effects(engine, "a") == [1]


def test_a_batch_delivered_three_times_at_once_is_applied_once(app: Flask, engine: Engine) -> None:
    announce("a", range(50))
    lease = outbox_service.lease_shards()
    shard = lease.shards[0]
    applied = at_once(app, [lambda: outbox_service.apply_shard(shard, lease.token, TEST_HANDLERS) for _ in range(3)])
    assert sum(applied) == 50
    assert effects(engine, "a") == list(range(50))


def test_a_crash_after_the_effect_undoes_it_with_the_done_mark(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller
) -> None:
    class Killed(BaseException):
        """What kill -9 looks like from inside: nothing after it runs."""

    def die(_tx: Transaction, _events: Sequence[OutboxEvent]) -> None:
        raise Killed

    announce("a", [1, 2])
    with monkeypatch.context() as patch:
        patch.setattr("app.repositories.outbox_repo.mark_done", die)
        with pytest.raises(Killed):
            deliver()
    assert effects(engine, "a") == []
    clock.shift(31)
    assert deliver() == 2
    assert effects(engine, "a") == [1, 2]


def test_a_poison_event_becomes_a_dead_letter_and_holds_back_its_own_key_only(
    app: Flask, client: FlaskClient, engine: Engine, clock: time_machine.Traveller, sql: Sql
) -> None:
    neighbour = next(f"n{i}" for i in range(10_000) if shard_of(f"n{i}") == shard_of("victim"))
    announce("victim", [1])
    announce("victim", [2], POISON_EVENT)
    announce("victim", [3])
    announce(neighbour, [1])
    deliver()
    assert (effects(engine, "victim"), effects(engine, neighbour)) == ([1], [1])
    announce(neighbour, [2])
    deliver()
    assert (effects(engine, "victim"), effects(engine, neighbour)) == ([1], [1, 2])
    for _ in range(10):
        clock.shift(timedelta(minutes=6))
        deliver()
    assert effects(engine, "victim") == [1, 3]
    assert outbox_service.get_figures().dead == 1

    admin = new_player(app, ["admin"])
    answer = client.get("/api/v1/admin/dead-letters", headers=admin.headers)
    (letter,) = answer.get_json()["data"]["items"]
    assert (letter["event_type"], letter["event_key"], letter["attempts"]) == (POISON_EVENT, "victim", 5)
    assert "this event cannot be applied" in letter["reason"]

    for _ in range(2):
        replay = client.post(f"/api/v1/admin/dead-letters/{letter['id']}/replay", headers=admin.headers)
        assert (replay.status_code, replay.get_json()["data"]["event_id"]) == (200, letter["event_id"])
    assert outbox_service.get_figures().dead == 0
    mended = {**TEST_HANDLERS, POISON_EVENT: TEST_HANDLERS[TEST_EVENT]}
    lease = outbox_service.lease_shards()
    assert [outbox_service.apply_shard(shard, lease.token, mended) for shard in lease.shards] == [1]
    assert effects(engine, "victim") == [1, 3, 2]
    (audit,) = sql("SELECT actor_id FROM audit_log WHERE action = 'dead_letter.replay' ORDER BY id DESC LIMIT 1")
    assert audit.actor_id == admin.id


def test_an_event_nobody_knows_is_a_dead_letter_too(sql: Sql, clock: time_machine.Traveller) -> None:
    announce("a", [1], "nobody.knows")
    for _ in range(6):
        deliver()
        clock.shift(timedelta(minutes=6))
    (letter,) = sql("SELECT reason FROM dead_letters")
    assert "nobody.knows" in letter.reason


def test_no_such_dead_letter_is_404(client: FlaskClient, admin: Player) -> None:
    answer = client.post(f"/api/v1/admin/dead-letters/{2**62}/replay", headers=admin.headers)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "DEAD_LETTER_NOT_FOUND")


def test_a_finished_match_is_handled(app: Flask, client: FlaskClient, player: Player, sql: Sql) -> None:
    client.post("/match/finish", json=finish_body(open_match(app, player)), headers=player.headers)
    lease = outbox_service.lease_shards()
    assert [outbox_service.apply_shard(shard, lease.token, HANDLERS) for shard in lease.shards] == [1]
    (row,) = sql("SELECT done_at FROM outbox WHERE event_key = :key", key=str(player.id))
    assert row.done_at is not None


def test_the_figures_say_size_and_lag(clock: time_machine.Traveller) -> None:
    announce("a", [1, 2])
    clock.shift(42)
    announce("b", [3])
    figures = outbox_service.get_figures()
    assert (figures.pending, round(figures.lag_seconds), figures.dead) == (3, 42, 0)


def test_a_lease_given_back_is_free_at_once() -> None:
    announce("a", [1])
    lease = outbox_service.lease_shards()
    outbox_service.release_shard(lease.shards[0], uuid7().bytes)
    assert outbox_service.lease_shards().shards == []
    outbox_service.release_shard(lease.shards[0], lease.token)
    assert outbox_service.lease_shards().shards == lease.shards


def test_four_relays_and_workers_keep_the_order_while_events_come(app: Flask, engine: Engine) -> None:
    keys = [f"k{number}" for number in range(20)]
    finished = threading.Event()

    def write() -> None:
        for number in range(30):
            for key in keys:
                announce(key, [number])
        finished.set()

    def relay() -> None:
        while not finished.is_set() or outbox_service.get_figures().pending:
            deliver()

    at_once(app, [write, relay, relay, relay, relay])
    assert {key: effects(engine, key) for key in keys} == {key: list(range(30)) for key in keys}
