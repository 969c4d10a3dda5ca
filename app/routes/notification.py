"""/api/v1/notifications: a user's inbox (contract, "System 2")."""

from flask import Blueprint, Response

from app.controllers import notification_controller
from app.errors import NotificationNotFound
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.middleware.validate import validate_query
from app.schemas.notification import NotificationsQuery, NotificationView, ReadAllView, UnreadView
from app.schemas.page import HistoryPage

EVERYBODY = ["player", "support", "system"]

notification_bp = Blueprint("notification", __name__, url_prefix="/api/v1/notifications")


@notification_bp.get("")
@answers(200, HistoryPage[NotificationView])
@auth_required(roles=EVERYBODY)
@validate_query(NotificationsQuery)
def list_notifications(query: NotificationsQuery) -> Response:
    return notification_controller.list_notifications(query)


@notification_bp.get("/unread-count")
@answers(200, UnreadView)
@auth_required(roles=EVERYBODY)
def count_unread() -> Response:
    return notification_controller.count_unread()


@notification_bp.post("/<id:notification_id>/read")
@answers(200, NotificationView, errors=[NotificationNotFound])
@auth_required(roles=EVERYBODY)
def read_notification(notification_id: int) -> Response:
    return notification_controller.read_notification(notification_id)


@notification_bp.post("/read-all")
@answers(200, ReadAllView)
@auth_required(roles=EVERYBODY)
def read_all() -> Response:
    return notification_controller.read_all()
