"""Requests of /api/v1/admin/dead-letters."""

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
