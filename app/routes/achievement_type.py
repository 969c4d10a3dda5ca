"""/api/v1/admin/achievement-types and /api/v1/admin/event-types (contract, "System 2" and "System 4")."""

from flask import Blueprint, Response

from app.controllers import achievement_type_controller, event_type_controller
from app.errors import AchievementTypeExists, AchievementTypeNotFound, Conflict, EventTypeExists, EventTypeNotFound
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.middleware.validate import validate, validate_query
from app.schemas.achievement_type import (
    AchievementTypeBody,
    AchievementTypesQuery,
    AchievementTypeView,
    CreateEventType,
    EventTypeView,
    RecomputeQuery,
    ReplaceEventType,
)
from app.schemas.job import JobView
from app.schemas.page import ListQuery, OffsetPage

achievement_type_bp = Blueprint("achievement_type", __name__, url_prefix="/api/v1/admin/achievement-types")
event_type_bp = Blueprint("event_type", __name__, url_prefix="/api/v1/admin/event-types")


@achievement_type_bp.get("")
@answers(200, OffsetPage[AchievementTypeView])
@auth_required(roles=["admin"])
@validate_query(AchievementTypesQuery)
def list_achievement_types(query: AchievementTypesQuery) -> Response:
    return achievement_type_controller.list_types(query)


@achievement_type_bp.post("")
@answers(201, AchievementTypeView, errors=[AchievementTypeExists])
@auth_required(roles=["admin"])
@validate(AchievementTypeBody)
def create_achievement_type(body: AchievementTypeBody) -> Response:
    return achievement_type_controller.create_type(body)


@achievement_type_bp.get("/<id:type_id>")
@answers(200, AchievementTypeView, errors=[AchievementTypeNotFound])
@auth_required(roles=["admin"])
def get_achievement_type(type_id: int) -> Response:
    return achievement_type_controller.get_type(type_id)


@achievement_type_bp.put("/<id:type_id>")
@answers(200, AchievementTypeView, errors=[AchievementTypeNotFound, Conflict])
@auth_required(roles=["admin"])
@validate(AchievementTypeBody)
def replace_achievement_type(body: AchievementTypeBody, type_id: int) -> Response:
    return achievement_type_controller.replace_type(body, type_id)


@achievement_type_bp.delete("/<id:type_id>")
@answers(200, AchievementTypeView, errors=[AchievementTypeNotFound])
@auth_required(roles=["admin"])
def retire_achievement_type(type_id: int) -> Response:
    return achievement_type_controller.retire_type(type_id)


@achievement_type_bp.post("/<id:type_id>/recompute")
@answers(202, JobView, errors=[AchievementTypeNotFound, Conflict])
@auth_required(roles=["admin"])
@validate_query(RecomputeQuery)
def recompute_achievement_type(query: RecomputeQuery, type_id: int) -> Response:
    return achievement_type_controller.recompute_type(query, type_id)


@event_type_bp.get("")
@answers(200, OffsetPage[EventTypeView])
@auth_required(roles=["admin"])
@validate_query(ListQuery)
def list_event_types(query: ListQuery) -> Response:
    return event_type_controller.list_types(query)


@event_type_bp.post("")
@answers(201, EventTypeView, errors=[EventTypeExists])
@auth_required(roles=["admin"])
@validate(CreateEventType)
def create_event_type(body: CreateEventType) -> Response:
    return event_type_controller.create_type(body)


@event_type_bp.get("/<event_type:code>")
@answers(200, EventTypeView, errors=[EventTypeNotFound])
@auth_required(roles=["admin"])
def get_event_type(code: str) -> Response:
    return event_type_controller.get_type(code)


@event_type_bp.put("/<event_type:code>")
@answers(200, EventTypeView, errors=[EventTypeNotFound, Conflict])
@auth_required(roles=["admin"])
@validate(ReplaceEventType)
def replace_event_type(body: ReplaceEventType, code: str) -> Response:
    return event_type_controller.replace_type(body, code)


@event_type_bp.delete("/<event_type:code>")
@answers(200, EventTypeView, errors=[EventTypeNotFound])
@auth_required(roles=["admin"])
def retire_event_type(code: str) -> Response:
    return event_type_controller.retire_type(code)
