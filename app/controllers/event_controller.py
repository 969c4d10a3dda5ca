"""The doors of events: the course spec's /event and /api/v1/event/."""

from typing import Any

from flask import Response, g

from app.controllers import match_controller
from app.controllers.access import require_self_or_staff
from app.controllers.envelope import history_page, iso_time, success
from app.rules.event_rules import GameEvent
from app.schemas.event import CourseEvent, EventsQuery, RecordEvent
from app.services import event_service

TAKEN = "The event is recorded"


def take_course_event(body: CourseEvent) -> Response:
    """200 with the receipt of a `match_finish`; 201 for any other event, in camelCase."""
    if body.settlement is not None:
        return match_controller.finish_match(body.settlement)
    event = event_service.record_event(
        user_id=g.user.id,
        event_type=body.event_type,
        details=body.details,
        told_by=g.user.id,
        door="POST /event",
        idempotency_key=g.idempotency_key,
        type_field="eventType",
    )
    data = {
        "id": event.id,
        "userId": event.user_id,
        "eventType": event.event_type,
        "details": event.details,
        "createdAt": iso_time(event.created_at),
        "message": TAKEN,
    }
    return success(data, 201, replayed=event.replayed)


def record_event(body: RecordEvent) -> Response:
    """201 `{id, user_id, event_type, details, created_at, message}`; 403 for another user's id from a player."""
    user_id = g.user.id if body.user_id is None else body.user_id
    require_self_or_staff(user_id)
    event = event_service.record_event(
        user_id=user_id,
        event_type=body.event_type,
        details=body.details,
        told_by=g.user.id,
        door="POST /api/v1/event/",
        idempotency_key=g.idempotency_key,
    )
    data = {
        "id": event.id,
        "user_id": event.user_id,
        "event_type": event.event_type,
        "details": event.details,
        "created_at": iso_time(event.created_at),
        "message": TAKEN,
    }
    return success(data, 201, replayed=event.replayed)


def list_events(query: EventsQuery, user_id: int) -> Response:
    """200 with the user's events, newest first."""
    require_self_or_staff(user_id)
    events = event_service.list_events(user_id=user_id, before_id=query.before_id, limit=query.limit + 1)
    return history_page(events, query, show_event)


def show_event(event: GameEvent) -> dict[str, Any]:
    """An event as histories and statistics show it."""
    return {
        "id": event.id,
        "user_id": event.user_id,
        "event_type": event.event_type,
        "details": event.details,
        "points": event.points or 0,
        "created_at": iso_time(event.created_at),
    }
