"""The doors of achievements: definitions, what a user has, how far he has come."""

from typing import Any

from flask import Response, g, request

from app.controllers.access import require_self_or_staff
from app.controllers.envelope import iso_time, list_page, success
from app.rules.achievement_rules import AchievementType, EarnedLevel, Level, TypeProgress, shown_tier
from app.schemas.page import ListQuery
from app.services import achievement_service


def list_achievements(query: ListQuery) -> Response:
    """200 with the definitions that everybody sees."""
    types = achievement_service.list_achievements()
    shown = types[query.offset : query.offset + query.limit]
    return list_page([_achievement(type_) for type_ in shown], len(types), query)


def list_earned(query: ListQuery, user_id: int) -> Response:
    """200 with the levels that a user has, the latest first."""
    require_self_or_staff(user_id)
    earned = achievement_service.list_earned(user_id)
    shown = earned[query.offset : query.offset + query.limit]
    return list_page([show_earned(level) for level in shown], len(earned), query)


def list_own_progress() -> Response:
    """200 with one's own progress and levels per type; 304 while nothing has changed."""
    if request.if_none_match:
        version = achievement_service.get_version(g.user.id)
        if request.if_none_match.contains_weak(_tag(version)):
            return _versioned(Response(status=304), version)
    version, types = achievement_service.list_progress(g.user.id)
    return _versioned(success({"items": [_progress(progress) for progress in types]}), version)


def _versioned(response: Response, version: str) -> Response:
    response.set_etag(_tag(version), weak=True)
    response.vary.add("Authorization")
    return response


def _tag(version: str) -> str:
    """The URL is everybody's, the answer one player's."""
    return f"{g.user.id}.{version}"


def show_level(level: Level) -> dict[str, Any]:
    """A level of a definition."""
    return {
        "tier": shown_tier(level.tier),
        "threshold": level.threshold,
        "xp": level.xp,
        "soft_currency": level.soft_currency,
        "points": level.points,
    }


def show_earned(level: EarnedLevel) -> dict[str, Any]:
    """A level that a user has."""
    return {
        "code": level.code,
        "name": level.name,
        "description": level.description,
        "tier": shown_tier(level.tier),
        "threshold": level.threshold,
        "xp": level.xp,
        "soft_currency": level.soft_currency,
        "points": level.points,
        "earned_at": iso_time(level.earned_at),
    }


def _achievement(type_: AchievementType) -> dict[str, Any]:
    return {
        "id": type_.id,
        "code": type_.code,
        "name": type_.name,
        "description": type_.description,
        "metric": type_.metric,
        "combine": type_.combine,
        "points": sum(level.points for level in type_.levels),
        "levels": [show_level(level) for level in type_.levels],
    }


def _progress(progress: TypeProgress) -> dict[str, Any]:
    return {
        "code": progress.type.code,
        "name": progress.type.name,
        "description": progress.type.description,
        "metric": progress.type.metric,
        "value": progress.value,
        "levels": [
            {"tier": shown_tier(tier), "threshold": threshold, "points": points, "earned_at": iso_time(earned_at)}
            for tier, threshold, points, earned_at in progress.levels
        ],
        "next_threshold": progress.next_threshold,
    }
