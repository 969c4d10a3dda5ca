"""The one transaction runner, on the real server, with real second connections."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from prometheus_client import REGISTRY
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError

from app.errors import Conflict, ServiceUnavailable, TransactionFailed
from app.extensions import db
from app.transaction import SQL_MODE, Statement, Transaction, transaction
from tests.support.players import Player, at_once, new_player

Sql = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("app_context")


def count(sample: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(sample, labels) or 0


def add_xp(tx: Transaction, user_id: int, xp: int = 1) -> None:
    tx.execute("UPDATE player_progress SET xp = xp + :xp WHERE user_id = :user_id", {"xp": xp, "user_id": user_id})


def xp_of(sql: Sql, player: Player) -> int:
    return int(sql("SELECT xp FROM player_progress WHERE user_id = :id", id=player.id)[0].xp)


def kill(engine: Engine, victim: Connection) -> None:
    """End the session of `victim` on the server, as a failing network or an impatient administrator would."""
    connection_id = victim.scalar(text("SELECT CONNECTION_ID()"))
    with engine.connect() as connection:
        connection.execute(text(f"KILL {connection_id}"))


def test_the_session_is_utc_strict_read_committed_and_impatient() -> None:
    @transaction("look_at_session")
    def session(tx: Transaction) -> Any:
        variables = tx.execute("SELECT @@session.time_zone, @@session.sql_mode, @@innodb_lock_wait_timeout", {}).one()
        isolation = tx.execute("SHOW VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')", {})
        return *variables, isolation.all()[0][1]

    time_zone, sql_mode, lock_wait_timeout, isolation = session()
    assert time_zone == "+00:00"
    assert set(SQL_MODE.split(",")) <= set(sql_mode.split(","))
    assert lock_wait_timeout == 2
    assert isolation == "READ-COMMITTED"


def test_an_error_of_the_body_rolls_back_and_leaves_unchanged(player: Player, sql: Sql) -> None:
    @transaction("refuse")
    def refuse(tx: Transaction) -> None:
        add_xp(tx, player.id)
        raise Conflict(reason="no")

    before = count("laurel_transactions_total", name="refuse", outcome="refused")
    with pytest.raises(Conflict):
        refuse()
    assert xp_of(sql, player) == 0
    assert count("laurel_transactions_total", name="refuse", outcome="refused") == before + 1


def test_a_fault_rolls_back_and_becomes_tx_failed_with_its_cause(player: Player, sql: Sql) -> None:
    @transaction("fault")
    def fault(tx: Transaction) -> None:
        add_xp(tx, player.id)
        raise ZeroDivisionError

    with pytest.raises(TransactionFailed) as caught:
        fault()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert xp_of(sql, player) == 0


def test_a_deadlock_is_run_again_until_both_commit(app: Flask, sql: Sql) -> None:
    first, second = new_player(app), new_player(app)
    both_hold_one = threading.Barrier(2)
    attempts: list[int] = []

    def crossing(one: Player, other: Player) -> Callable[[], None]:
        @transaction("crossing")
        def cross(tx: Transaction) -> None:
            attempts.append(one.id)
            add_xp(tx, one.id)
            if len(attempts) <= 2:
                both_hold_one.wait(10)
            add_xp(tx, other.id)

        return cross

    at_once(app, [crossing(first, second), crossing(second, first)])
    assert (xp_of(sql, first), xp_of(sql, second)) == (2, 2)
    assert len(attempts) == 3
    assert count("laurel_transaction_retries_total", name="crossing", errno="1213") == 1


def test_a_row_that_stays_locked_is_503_after_the_attempts(player: Player, engine: Engine) -> None:
    @transaction("wait_for_lock")
    def wait(tx: Transaction) -> None:
        tx.execute("SET SESSION innodb_lock_wait_timeout = 1", {})
        try:
            add_xp(tx, player.id)
        finally:
            tx.execute("SET SESSION innodb_lock_wait_timeout = 2", {})

    with engine.connect() as holder:
        holder.exec_driver_sql("BEGIN")
        holder.exec_driver_sql(f"SELECT xp FROM player_progress WHERE user_id = {player.id} FOR UPDATE")
        with pytest.raises(ServiceUnavailable, match="locked"):
            wait()
        holder.exec_driver_sql("ROLLBACK")
    assert count("laurel_transaction_retries_total", name="wait_for_lock", errno="1205") == 1
    wait()


def test_a_pooled_connection_that_died_unnoticed_is_replaced(player: Player, engine: Engine, sql: Sql) -> None:
    attempts: list[Connection] = []

    @transaction("on_a_dead_connection")
    def body(tx: Transaction) -> None:
        attempts.append(tx.connection)
        if len(attempts) == 1:
            kill(engine, tx.connection)
        add_xp(tx, player.id)

    body()
    assert len(attempts) == 2
    assert xp_of(sql, player) == 1


def test_a_connection_lost_in_the_middle_is_503_and_nothing_is_written(
    player: Player, engine: Engine, sql: Sql
) -> None:
    attempts: list[int] = []

    @transaction("lost_in_the_middle")
    def body(tx: Transaction) -> None:
        attempts.append(1)
        add_xp(tx, player.id)
        kill(engine, tx.connection)
        add_xp(tx, player.id)

    with pytest.raises(ServiceUnavailable) as caught:
        body()
    assert caught.value.retry_after == 1
    assert len(attempts) == 1
    assert xp_of(sql, player) == 0


def test_a_connection_lost_at_commit_is_never_run_again(player: Player, engine: Engine, sql: Sql) -> None:
    attempts: list[int] = []

    @transaction("lost_at_commit")
    def body(tx: Transaction) -> None:
        attempts.append(1)
        add_xp(tx, player.id)
        kill(engine, tx.connection)

    with pytest.raises(ServiceUnavailable, match="during the commit"):
        body()
    assert len(attempts) == 1
    assert xp_of(sql, player) == 0


def test_a_packet_that_commits_leaves_the_connection_as_it_was(player: Player, sql: Sql) -> None:
    @transaction("only_a_batch", batch=True)
    def only_a_batch(tx: Transaction) -> None:
        sent = "UPDATE player_progress SET xp = xp + 1 WHERE user_id = :user_id"
        tx.batch([Statement(sent, {"user_id": player.id}), Statement(sent, {"user_id": player.id})])

    @transaction("after_the_batch", batch=True)
    def after_the_batch(tx: Transaction) -> None:
        add_xp(tx, player.id)

    pooled = db.engines["batch"].pool.size()
    for _ in range(pooled):
        only_a_batch()
    for _ in range(pooled):
        after_the_batch()
    assert xp_of(sql, player) == 3 * pooled


def test_statements_before_an_answer_are_sent_first(player: Player) -> None:
    @transaction("batch_then_answer", batch=True)
    def body(tx: Transaction) -> Any:
        sent = "UPDATE player_progress SET xp = 41 WHERE user_id = :user_id"
        tx.batch([Statement(sent, {"user_id": player.id})])
        add_xp(tx, player.id)
        return tx.execute("SELECT xp FROM player_progress WHERE user_id = :id", {"id": player.id}).scalar_one()

    assert body() == 42


def test_a_lost_commit_is_not_run_again_even_if_no_statement_succeeded(engine: Engine) -> None:
    attempts: list[int] = []

    @transaction("swallows_its_only_statement")
    def body(tx: Transaction) -> None:
        attempts.append(1)
        with suppress(ProgrammingError):
            tx.execute("SELECT nothing FROM no_such_table", {})
        kill(engine, tx.connection)

    with pytest.raises(ServiceUnavailable):
        body()
    assert len(attempts) == 1


def test_a_connection_whose_commit_failed_is_never_used_again(player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []

    @transaction("commit_fails")
    def body(tx: Transaction) -> None:
        used.append(int(tx.execute("SELECT CONNECTION_ID()", {}).scalar_one()))
        add_xp(tx, player.id)

    with monkeypatch.context() as patch:
        patch.setattr(Connection, "commit", lambda _self: 1 / 0)
        with pytest.raises(TransactionFailed):
            body()
    body()
    assert used[0] != used[1]


def test_an_exhausted_pool_is_503(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db.engine.pool, "_timeout", 0.2)

    @transaction("one_more")
    def one_more(tx: Transaction) -> None:
        tx.execute("SELECT 1", {})

    held = [db.engine.connect() for _ in range(60)]
    try:
        with pytest.raises(ServiceUnavailable, match="in use"):
            one_more()
    finally:
        for connection in held:
            connection.close()
    one_more()


def test_now_is_one_and_stays_so_through_the_columns(player: Player, sql: Sql) -> None:
    @transaction("write_now")
    def write(tx: Transaction) -> Any:
        tx.execute(
            "UPDATE player_progress SET updated_at = :now WHERE user_id = :user_id",
            {"now": tx.now, "user_id": player.id},
        )
        time.sleep(0.005)
        return tx.now

    now = write()
    assert now.utcoffset() == timedelta(0)
    stored = sql("SELECT updated_at FROM player_progress WHERE user_id = :id", id=player.id)[0].updated_at
    assert stored == now.replace(tzinfo=None)
