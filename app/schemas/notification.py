"""Requests and answers of /api/v1/notifications."""

from typing import Any

from app.schemas import SnakeAnswer, UtcTime
from app.schemas.page import Flag, HistoryQuery


class NotificationsQuery(HistoryQuery):
    """`GET /api/v1/notifications`; `unread=true` leaves out what was read."""

    item_fields = ("id", "kind", "title", "payload", "created_at", "read_at")

    unread: Flag = "false"


class NotificationView(SnakeAnswer):
    """A notice; `payload` names what it is about."""

    id: int
    kind: str
    title: str
    payload: dict[str, Any]
    created_at: UtcTime
    read_at: UtcTime | None


class UnreadView(SnakeAnswer):
    """How many notices are not read."""

    unread: int


class ReadAllView(SnakeAnswer):
    """How many notices were marked as read."""

    read: int
