"""Fights that are handed in, and the outbox that settles them."""

import copy
import os
import secrets
from collections.abc import Callable
from typing import Any

from flask import Flask

from app.rules.character_rules import Character
from app.rules.outbox_rules import SHARDS
from app.services import outbox_service
from app.transaction import Transaction, transaction
from app.workers.handlers import FOLLOWERS, HANDLERS

Sql = Callable[..., list[Any]]


def new_session_id() -> str:
    return f"fight-{os.getpid()}-{secrets.token_hex(6)}"


def outcome(**changes: Any) -> dict[str, Any]:
    """What a fight did to one character; `changes` replace or add to what it changes."""
    report = changes.pop("ui_report", {})
    state = changes.pop("state_snapshot", {"hp": 50, "energy": 20})
    return {
        "is_winner": True,
        "state_snapshot": state,
        "changes": {"xp_gained": 10, "gold_gained": 5, **changes},
        "ui_report": report,
    }


def payload_of(participants: dict[int, dict[str, Any]], session_id: str | None = None, **more: Any) -> dict[str, Any]:
    """A CombatResultPayload of the seed document."""
    return {
        "session_id": session_id or new_session_id(),
        "meta": {"end_timestamp": 1735460000, "winner_team": "blue", "finish_reason": "victory"},
        "participants": {str(character_id): copy.deepcopy(o) for character_id, o in participants.items()},
        **more,
    }


@transaction("clear_way_for_test")
def _clear_way(tx: Transaction) -> None:
    """No lease is held, and nothing that other tests left is in the way."""
    tx.execute("DELETE FROM outbox WHERE event_type NOT LIKE 'combat.%'", {})
    tx.execute("UPDATE outbox_shards SET leased_until = '2000-01-01'", {})


def run_outbox(app: Flask) -> None:
    """What relay and workers do, until nothing is left to do now."""
    with app.app_context():
        _clear_way()
        for _ in range(SHARDS):
            lease = outbox_service.lease_shards()
            for shard in lease.shards:
                outbox_service.apply_shard(shard, lease.token, HANDLERS, followers=FOLLOWERS)
            if not lease.shards:
                return


def standing(sql: Sql, character: Character) -> tuple[int, int, int, int]:
    """hp, energy, xp and gold as they are stored."""
    (row,) = sql("SELECT hp, energy, xp, gold FROM characters WHERE id = :id", id=character.id)
    return row.hp, row.energy, row.xp, row.gold


def stacks(sql: Sql, character: Character) -> list[tuple[str, int, str | None, int | None]]:
    """Template, quantity, slot and durability of everything that the character holds."""
    rows = sql(
        "SELECT item_template_id, quantity, slot, durability FROM inventory WHERE character_id = :id ORDER BY id",
        id=character.id,
    )
    return [tuple(row) for row in rows]


def status_of(sql: Sql, session_id: str) -> tuple[str, str | None]:
    (row,) = sql("SELECT settlement_status, failure_reason FROM combat_history WHERE session_id = :id", id=session_id)
    return row.settlement_status, row.failure_reason
