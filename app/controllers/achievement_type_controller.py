"""The admin's doors to definitions of achievements."""

from typing import Any

from flask import Response, g

from app.controllers.achievement_controller import show_level
from app.controllers.envelope import list_page, success
from app.controllers.job_controller import job_body
from app.rules.achievement_rules import AchievementType
from app.schemas.achievement_type import AchievementTypeBody, AchievementTypesQuery, RecomputeQuery
from app.schemas.page import SET
from app.services import achievement_recompute_service, achievement_type_service, streak_service


def list_types(query: AchievementTypesQuery) -> Response:
    """200 with definitions, retired ones too."""
    types = achievement_type_service.list_types(built_in=query.built_in in SET)
    shown = types[query.offset : query.offset + query.limit]
    return list_page([_type(type_) for type_ in shown], len(types), query)


def create_type(body: AchievementTypeBody) -> Response:
    """201 with the definition."""
    type_ = achievement_type_service.create_type(body.as_definition(), actor_id=g.user.id, request_id=g.request_id)
    return success(_type(type_), 201)


def get_type(type_id: int) -> Response:
    """200 with the definition."""
    return success(_type(achievement_type_service.get_type(type_id)))


def replace_type(body: AchievementTypeBody, type_id: int) -> Response:
    """200 with the new version of the definition."""
    type_ = achievement_type_service.replace_type(
        type_id, body.as_definition(), actor_id=g.user.id, request_id=g.request_id
    )
    streak_service.forget_remembered()
    return success(_type(type_))


def retire_type(type_id: int) -> Response:
    """200 with the definition, retired."""
    type_ = achievement_type_service.retire_type(type_id, actor_id=g.user.id, request_id=g.request_id)
    streak_service.forget_remembered()
    return success(_type(type_))


def recompute_type(query: RecomputeQuery, type_id: int) -> Response:
    """202 with the job."""
    job = achievement_recompute_service.enqueue(type_id, dry_run=query.dry_run in SET, created_by=g.user.id)
    return success(job_body(job), 202)


def _type(type_: AchievementType) -> dict[str, Any]:
    return {
        "id": type_.id,
        "code": type_.code,
        "name": type_.name,
        "description": type_.description,
        "metric": type_.metric,
        "combine": type_.combine,
        "hidden": type_.hidden,
        "version": type_.version,
        "retired": type_.retired,
        "levels": [show_level(level) for level in type_.levels],
    }
