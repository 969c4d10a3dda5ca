"""The admin's doors to event types."""

from typing import Any

from flask import Response, g

from app.controllers.envelope import list_page, success
from app.rules.event_rules import EventType
from app.schemas.achievement_type import CreateEventType, ReplaceEventType
from app.schemas.page import ListQuery
from app.services import event_type_service


def list_types(query: ListQuery) -> Response:
    """200 with every event type, retired ones too."""
    types = event_type_service.list_types()
    shown = types[query.offset : query.offset + query.limit]
    return list_page([_type(type_) for type_ in shown], len(types), query)


def create_type(body: CreateEventType) -> Response:
    """201 with the event type."""
    event_type = event_type_service.create_type(
        code=body.code,
        metric=body.metric,
        points=body.points,
        actor_id=g.user.id,
        request_id=g.request_id,
    )
    return success(_type(event_type), 201)


def get_type(code: str) -> Response:
    """200 with the event type."""
    return success(_type(event_type_service.get_type(code)))


def replace_type(body: ReplaceEventType, code: str) -> Response:
    """200 with the event type; 409 for another code or metric."""
    event_type = event_type_service.replace_type(
        code,
        new_code=body.code,
        metric=body.metric,
        points=body.points,
        actor_id=g.user.id,
        request_id=g.request_id,
    )
    return success(_type(event_type))


def retire_type(code: str) -> Response:
    """200 with the event type, retired."""
    return success(_type(event_type_service.retire_type(code, actor_id=g.user.id, request_id=g.request_id)))


def _type(event_type: EventType) -> dict[str, Any]:
    return {
        "code": event_type.code,
        "metric": event_type.metric,
        "points": event_type.points,
        "retired": event_type.retired,
    }
