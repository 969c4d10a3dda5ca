"""combat_history and combat_participants: finished fights, who took part, and what became of their settlement."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from app.clock import from_column, from_nullable_column
from app.rules.combat_rules import Combat, Document, FinishedFight, FoughtCombat, LostSession, Outcome, outcomes_of
from app.rules.settlement_rules import PendingFight, SettlementRow
from app.transaction import Statement, Transaction, violated_key


@dataclass(frozen=True, slots=True)
class StoredFight:
    """A fight as it was accepted."""

    id: int
    document: Document
    payload_hash: bytes
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class SettlementFigures:
    """`pending` settlements, the age of the oldest of them, and those that `failed` and wait for staff."""

    pending: int
    oldest_pending_seconds: float
    failed: int


_COLUMNS = """
               h.id, h.session_id, h.settlement_status, h.finished_at, h.settled_at, h.failure_reason,
               h.rejected_at"""


def insert(tx: Transaction, fight: FinishedFight, payload_hash: bytes) -> int | None:
    """Take the fight into the history, `pending`; returns its id, or None if its session is there already."""
    try:
        result = tx.execute(
            """
        INSERT INTO combat_history
               (session_id, finished_at, winner_team, finish_reason, payload_hash, result_payload)
        VALUES (:session_id, :now, :winner_team, :finish_reason, :payload_hash, :document)
        """,
            {
                "session_id": fight.session_id,
                "now": tx.now,
                "winner_team": fight.document["meta"]["winner_team"],
                "finish_reason": fight.document["meta"]["finish_reason"],
                "payload_hash": payload_hash,
                "document": json.dumps(fight.document, ensure_ascii=False, separators=(",", ":")),
            },
        )
    except IntegrityError as exc:
        if violated_key(exc) != "uq_combat_history_session_id":
            raise
        return None
    return int(result.lastrowid)


def insert_participants(combat_id: int, outcomes: Collection[Outcome]) -> Statement:
    """Who took part and what he is to get; an unknown participant leaves no row for who is called so later."""
    return Statement(
        """
        INSERT INTO combat_participants (character_id, combat_id, is_winner, xp_gained, gold_gained)
        SELECT p.character_id, :combat_id, p.is_winner, p.xp, p.gold
        FROM JSON_TABLE(:outcomes, '$[*]' COLUMNS (
            character_id BIGINT PATH '$[0]', is_winner INT PATH '$[1]', xp BIGINT PATH '$[2]', gold BIGINT PATH '$[3]'
        )) AS p
        JOIN characters c ON c.id = p.character_id
        """,
        {
            "combat_id": combat_id,
            "outcomes": json.dumps(
                [[outcome.character_id, int(outcome.is_winner), outcome.xp, outcome.gold] for outcome in outcomes]
            ),
        },
    )


def find_by_session(tx: Transaction, session_id: str) -> StoredFight | None:
    """The fight of a session as it was accepted."""
    row = tx.execute(
        """
        SELECT id, result_payload, payload_hash, finished_at
        FROM combat_history
        WHERE session_id = :session_id
        """,
        {"session_id": session_id},
    ).one_or_none()
    if row is None:
        return None
    return StoredFight(row.id, json.loads(row.result_payload), row.payload_hash, from_column(row.finished_at))


def find_result(tx: Transaction, session_id: str) -> Combat | LostSession | None:
    """What became of a session, in one statement: its fight, or who was sent into it and never came back."""
    row = tx.execute(
        """
        SELECT h.session_id, h.settlement_status, h.finished_at, h.result_payload,
               (SELECT JSON_OBJECTAGG(c.id, c.user_id)
                FROM combat_participants p
                JOIN characters c ON c.id = p.character_id
                WHERE p.combat_id = h.id) AS owners,
               (SELECT JSON_OBJECTAGG(c.id, c.user_id)
                FROM characters c
                WHERE c.session_id = asked.session_id) AS sent
        FROM (SELECT CONVERT(:session_id USING ascii) AS session_id) AS asked
        LEFT JOIN combat_history h ON h.session_id = asked.session_id
        """,
        {"session_id": session_id},
    ).one()
    if row.session_id is None:
        return LostSession(frozenset(_owners(row.sent).values())) if row.sent else None
    return _combat(row)


def list_owners(tx: Transaction, combat_id: int) -> dict[int, int]:
    """The users of the characters that took part, by character id."""
    rows = tx.execute(
        """
        SELECT c.id, c.user_id
        FROM combat_participants p
        JOIN characters c ON c.id = p.character_id
        WHERE p.combat_id = :combat_id
        """,
        {"combat_id": combat_id},
    )
    return {row.id: row.user_id for row in rows}


def list_results(tx: Transaction, combat_ids: Collection[int]) -> list[Combat]:
    """The fights of these ids that are settled."""
    rows = tx.execute(
        """
        SELECT h.session_id, h.settlement_status, h.finished_at, h.result_payload,
               (SELECT JSON_OBJECTAGG(c.id, c.user_id)
                FROM combat_participants p
                JOIN characters c ON c.id = p.character_id
                WHERE p.combat_id = h.id) AS owners
        FROM JSON_TABLE(:ids, '$[*]' COLUMNS (id BIGINT PATH '$')) AS fights
        STRAIGHT_JOIN combat_history h ON h.id = fights.id
        WHERE h.settlement_status <> 'pending'
        """,
        {"ids": json.dumps(sorted(combat_ids))},
    )
    return [_combat(row) for row in rows]


def list_of_character(tx: Transaction, *, character_id: int, before_id: int, limit: int) -> list[FoughtCombat]:
    """The character's fights with an id below `before_id`, newest first."""
    rows = tx.execute(
        """
        SELECT h.id, h.session_id, h.finished_at, h.winner_team, h.finish_reason, p.is_winner, p.xp_gained,
               p.gold_gained, p.settlement_status
        FROM combat_participants p
        JOIN combat_history h ON h.id = p.combat_id
        WHERE p.character_id = :character_id
          AND p.combat_id < :before_id
        ORDER BY p.combat_id DESC
        LIMIT :limit
        """,
        {"character_id": character_id, "before_id": before_id, "limit": limit},
    )
    return [
        FoughtCombat(
            id=row.id,
            session_id=row.session_id,
            finished_at=from_column(row.finished_at),
            winner_team=row.winner_team,
            finish_reason=row.finish_reason,
            is_winner=bool(row.is_winner),
            xp_gained=row.xp_gained,
            gold_gained=row.gold_gained,
            settlement_status=row.settlement_status,
        )
        for row in rows
    ]


def list_character_ids(tx: Transaction, combat_ids: Collection[int]) -> list[int]:
    """Everybody who took part in one of the fights."""
    rows = tx.execute(
        """
        SELECT DISTINCT p.character_id
        FROM JSON_TABLE(:ids, '$[*]' COLUMNS (id BIGINT PATH '$')) AS fights
        STRAIGHT_JOIN combat_participants p ON p.combat_id = fights.id
        """,
        {"ids": json.dumps(sorted(combat_ids))},
    )
    return [int(row.character_id) for row in rows]


def lock_pending(tx: Transaction, combat_ids: Collection[int]) -> list[PendingFight]:
    """Lock those of the fights that still wait for their settlement, in the order in which they were accepted.

    The table function stands in a subquery, because MySQL would lock it too (error 3569).
    """
    rows = tx.execute(
        """
        SELECT h.id, h.session_id, h.result_payload
        FROM (SELECT j.id FROM JSON_TABLE(:ids, '$[*]' COLUMNS (id BIGINT PATH '$')) AS j) AS fights
        STRAIGHT_JOIN combat_history h ON h.id = fights.id
        WHERE h.settlement_status = 'pending'
        FOR UPDATE
        """,
        {"ids": json.dumps(sorted(combat_ids))},
    )
    return [_pending_fight(row) for row in rows]


def list_pending_of(tx: Transaction, character_ids: Collection[int]) -> list[PendingFight]:
    """Fights of these characters that wait for their settlement, in the order in which they were accepted."""
    rows = tx.execute(
        """
        SELECT DISTINCT h.id, h.session_id, h.result_payload
        FROM JSON_TABLE(:ids, '$[*]' COLUMNS (id BIGINT PATH '$')) AS wanted
        STRAIGHT_JOIN combat_participants p ON p.character_id = wanted.id AND p.settlement_status = 'pending'
        STRAIGHT_JOIN combat_history h ON h.id = p.combat_id
        ORDER BY h.id
        """,
        {"ids": json.dumps(sorted(character_ids))},
    )
    return [_pending_fight(row) for row in rows]


def has_pending(tx: Transaction, character_id: int) -> bool:
    """Whether a fight of the character waits for its settlement."""
    row = tx.execute(
        """
        SELECT 1
        FROM combat_participants
        WHERE character_id = :character_id
          AND settlement_status = 'pending'
        LIMIT 1
        """,
        {"character_id": character_id},
    ).one_or_none()
    return row is not None


def mark_settled(tx: Transaction, combat_ids: Collection[int], failures: Mapping[int, str]) -> None:
    """Note what became of locked fights: `failed` with the reason, all others `processed`; participants alike."""
    tx.execute(
        """
        UPDATE combat_history h
        JOIN JSON_TABLE(:fights, '$[*]' COLUMNS (
            id BIGINT PATH '$[0]', status VARCHAR(16) PATH '$[1]', reason VARCHAR(500) PATH '$[2]'
        )) AS settled ON settled.id = h.id
        SET h.settlement_status = settled.status,
            h.failure_reason = settled.reason,
            h.settled_at = :now
        """,
        {"fights": _statuses(combat_ids, failures), "now": tx.now},
    )
    tx.execute(
        """
        UPDATE combat_participants p
        JOIN JSON_TABLE(:fights, '$[*]' COLUMNS (
            id BIGINT PATH '$[0]', status VARCHAR(16) PATH '$[1]'
        )) AS settled ON settled.id = p.combat_id
        SET p.settlement_status = settled.status
        """,
        {"fights": _statuses(combat_ids, failures)},
    )


def list_by_status(tx: Transaction, *, status: str, before_id: int, limit: int) -> list[SettlementRow]:
    """Settlements of one status with an id below `before_id`, newest first.

    The index is forced: for a LIMIT the optimizer would rather walk the primary key past all other statuses.
    """
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM combat_history h FORCE INDEX (ix_combat_history_status)
        WHERE h.settlement_status = :status
          AND h.id < :before_id
        ORDER BY h.id DESC
        LIMIT :limit
        """,
        {"status": status, "before_id": before_id, "limit": limit},
    )
    return [_settlement(row) for row in rows]


def lock_settlement(tx: Transaction, session_id: str) -> SettlementRow | None:
    """Lock the settlement of a session."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM combat_history h
        WHERE h.session_id = :session_id
        FOR UPDATE
        """,
        {"session_id": session_id},
    ).one_or_none()
    return _settlement(row) if row else None


def reset_pending(tx: Transaction, combat_id: int) -> None:
    """Let a locked, failed settlement wait again."""
    tx.execute(
        """
        UPDATE combat_history h
        JOIN combat_participants p ON p.combat_id = h.id
        SET h.settlement_status = 'pending',
            h.failure_reason = NULL,
            h.settled_at = NULL,
            p.settlement_status = 'pending'
        WHERE h.id = :combat_id
        """,
        {"combat_id": combat_id},
    )


def reject(tx: Transaction, combat_id: int, *, reason: str) -> None:
    """Close a locked settlement for good, as failed."""
    tx.execute(
        """
        UPDATE combat_history h
        JOIN combat_participants p ON p.combat_id = h.id
        SET h.settlement_status = 'failed',
            h.failure_reason = :reason,
            h.settled_at = :now,
            h.rejected_at = :now,
            p.settlement_status = 'failed'
        WHERE h.id = :combat_id
        """,
        {"combat_id": combat_id, "reason": reason, "now": tx.now},
    )


def get_figures(tx: Transaction) -> SettlementFigures:
    """What waits and what failed; reads entries of one index, never the processed ones."""
    row = tx.execute(
        """
        SELECT (SELECT COUNT(*) FROM combat_history WHERE settlement_status = 'pending') AS pending,
               (SELECT COUNT(*) FROM combat_history WHERE settlement_status = 'failed') AS failed,
               (SELECT finished_at FROM combat_history WHERE settlement_status = 'pending' ORDER BY id LIMIT 1)
                   AS oldest
        """,
        {},
    ).one()
    age = (tx.now - from_column(row.oldest)).total_seconds() if row.oldest else 0.0
    return SettlementFigures(int(row.pending), max(age, 0.0), int(row.failed))


def _statuses(combat_ids: Collection[int], failures: Mapping[int, str]) -> str:
    return json.dumps(
        [
            [combat_id, "failed" if combat_id in failures else "processed", failures.get(combat_id)]
            for combat_id in sorted(combat_ids)
        ],
        ensure_ascii=False,
    )


def _pending_fight(row: Row[tuple[object, ...]]) -> PendingFight:
    document = json.loads(row.result_payload)
    return PendingFight(row.id, row.session_id, outcomes_of(document), document.get("roster"))


def _combat(row: Row[tuple[object, ...]]) -> Combat:
    return Combat(
        session_id=row.session_id,
        settlement_status=row.settlement_status,
        finished_at=from_column(row.finished_at),
        document=json.loads(row.result_payload),
        owners=_owners(row.owners),
    )


def _owners(aggregated: str | None) -> dict[int, int]:
    return {int(character_id): int(user_id) for character_id, user_id in json.loads(aggregated or "{}").items()}


def _settlement(row: Row[tuple[object, ...]]) -> SettlementRow:
    return SettlementRow(
        id=row.id,
        session_id=row.session_id,
        settlement_status=row.settlement_status,
        finished_at=from_column(row.finished_at),
        settled_at=from_nullable_column(row.settled_at),
        failure_reason=row.failure_reason,
        rejected_at=from_nullable_column(row.rejected_at),
    )
