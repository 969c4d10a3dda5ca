"""game_events: what happened to a player, clustered by player, `PRIMARY KEY (user_id, id)`."""

from datetime import datetime

from app.canonical_json import canonical_json
from app.transaction import Statement


def insert_game_event(*, user_id: int, event_type: str, payload: dict[str, object], now: datetime) -> Statement:
    """Write one event; it belongs to no play session."""
    return Statement(
        """
        INSERT INTO game_events (user_id, session_id, event_type, payload_json, created_at)
        VALUES (:user_id, NULL, :event_type, :payload, :now)
        """,
        {"user_id": user_id, "event_type": event_type, "payload": canonical_json(payload), "now": now},
    )
