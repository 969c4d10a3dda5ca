"""game_events: what happened to a player, clustered by player, `PRIMARY KEY (user_id, id)`."""

from app.canonical_json import canonical_json
from app.transaction import Transaction


def insert_game_event(tx: Transaction, *, user_id: int, event_type: str, payload: dict[str, object]) -> None:
    """Write one event; it belongs to no play session."""
    tx.execute(
        """
        INSERT INTO game_events (user_id, session_id, event_type, payload_json, created_at)
        VALUES (:user_id, NULL, :event_type, :payload, :now)
        """,
        {"user_id": user_id, "event_type": event_type, "payload": canonical_json(payload), "now": tx.now},
    )
