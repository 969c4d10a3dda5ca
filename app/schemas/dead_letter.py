"""Requests and answers of /api/v1/admin/dead-letters."""

from typing import Any
from uuid import UUID

from app.schemas import SnakeAnswer, UtcTime
from app.schemas.page import HistoryQuery


class DeadLettersQuery(HistoryQuery):
    """`GET /api/v1/admin/dead-letters`."""

    item_fields = (
        "id",
        "event_id",
        "event_type",
        "event_key",
        "payload",
        "created_at",
        "attempts",
        "reason",
        "dead_at",
        "replayed_at",
    )


class DeadLetterView(SnakeAnswer):
    """An event that failed for good; `replayed_at` is set once it stands in the outbox again."""

    id: int
    event_id: UUID
    event_type: str
    event_key: str
    payload: dict[str, Any]
    created_at: UtcTime
    attempts: int
    reason: str
    dead_at: UtcTime
    replayed_at: UtcTime | None
