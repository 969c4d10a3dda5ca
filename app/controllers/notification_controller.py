"""The doors of a user's inbox."""

from typing import Any

from flask import Response, g

from app.controllers.envelope import history_page, iso_time, success
from app.rules.notification_rules import Notification
from app.schemas.notification import NotificationsQuery
from app.schemas.page import SET
from app.services import notification_service


def list_notifications(query: NotificationsQuery) -> Response:
    """200 with one's own notifications, newest first."""
    notifications = notification_service.list_notifications(
        user_id=g.user.id, unread=query.unread in SET, before_id=query.before_id, limit=query.limit + 1
    )
    return history_page(notifications, query, _notification)


def read_notification(notification_id: int) -> Response:
    """200 with the notification, read."""
    notification = notification_service.read_notification(user_id=g.user.id, notification_id=notification_id)
    return success(_notification(notification))


def read_all() -> Response:
    """200 `{read}`: how many were marked."""
    return success({"read": notification_service.read_all(g.user.id)})


def count_unread() -> Response:
    """200 `{unread}`."""
    return success({"unread": notification_service.count_unread(g.user.id)})


def _notification(notification: Notification) -> dict[str, Any]:
    return {
        "id": notification.id,
        "kind": notification.kind,
        "title": notification.title,
        "payload": notification.payload,
        "created_at": iso_time(notification.created_at),
        "read_at": iso_time(notification.read_at),
    }
