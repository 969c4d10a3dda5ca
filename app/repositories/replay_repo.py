"""combat_replays: the turns of fights, compressed, with the chain of their hashes."""

from dataclasses import dataclass

from app.transaction import Transaction


@dataclass(frozen=True, slots=True)
class StoredReplay:
    """`turns` is a compressed JSON array, `chain` 32 bytes for each of them, `head` the last of these."""

    turns_count: int
    head: bytes
    turns: bytes
    chain: bytes


def insert(tx: Transaction, combat_id: int, replay: StoredReplay) -> None:
    """Keep the replay of a fight. Not for a batch, whose packet is text: these are bytes."""
    tx.execute(
        """
        INSERT INTO combat_replays (combat_id, turns_count, head, turns, chain)
        VALUES (:combat_id, :turns_count, :head, :turns, :chain)
        """,
        {
            "combat_id": combat_id,
            "turns_count": replay.turns_count,
            "head": replay.head,
            "turns": replay.turns,
            "chain": replay.chain,
        },
    )


def find(tx: Transaction, session_id: str) -> StoredReplay | None:
    """The replay of a session; None if it has none."""
    row = tx.execute(
        """
        SELECT r.turns_count, r.head, r.turns, r.chain
        FROM combat_history h
        JOIN combat_replays r ON r.combat_id = h.id
        WHERE h.session_id = :session_id
        """,
        {"session_id": session_id},
    ).one_or_none()
    return StoredReplay(row.turns_count, row.head, row.turns, row.chain) if row else None
