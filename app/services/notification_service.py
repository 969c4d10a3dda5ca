"""A user's inbox (contract, "System 2")."""

from app.errors import NotificationNotFound
from app.repositories import notification_repo
from app.rules.notification_rules import Notification
from app.transaction import Transaction, transaction


@transaction("list_notifications")
def list_notifications(
    tx: Transaction, *, user_id: int, unread: bool, before_id: int, limit: int
) -> list[Notification]:
    """Up to `limit` of the user's notifications with an id below `before_id`, newest first; or of the unread ones."""
    page = notification_repo.list_unread if unread else notification_repo.list_newest
    return page(tx, user_id=user_id, before_id=before_id, limit=limit)


@transaction("read_notification")
def read_notification(tx: Transaction, *, user_id: int, notification_id: int) -> Notification:
    """Mark one as read; again changes nothing. Raises NotificationNotFound, also for somebody else's."""
    notification_repo.mark_read(tx, user_id=user_id, notification_id=notification_id)
    notification = notification_repo.find(tx, user_id=user_id, notification_id=notification_id)
    if notification is None:
        raise NotificationNotFound(notification_id=notification_id)
    return notification


@transaction("read_all_notifications")
def read_all(tx: Transaction, user_id: int) -> int:
    """Mark everything as read; returns how many were not."""
    return notification_repo.mark_all_read(tx, user_id)


@transaction("count_unread_notifications")
def count_unread(tx: Transaction, user_id: int) -> int:
    """How many the user has not read."""
    return notification_repo.count_unread(tx, user_id)
