"""Recompute of an achievement type: whoever has reached a level without having it is paid (contract, "System 4").

A job in pages of users that have the type's metric. A page finds by one statement what is due, locks the players it
concerns, and pays them as any increment does; a dry run only adds up what it found.
"""

from collections.abc import Sequence
from typing import Any

from app.errors import Conflict
from app.repositories import reward_repo, user_metric_repo
from app.rules.achievement_rules import AchievementType, UnlockedLevel, shown_tier
from app.rules.job_rules import Job, Page
from app.services import achievement_service, achievement_type_service, job_service
from app.transaction import Transaction, transaction

KIND = "recompute_achievements"
PAGE_USERS = 1_000
MAX_SAMPLE = 100


@transaction("recompute_achievement_type")
def enqueue(tx: Transaction, type_id: int, *, dry_run: bool, created_by: int) -> Job:
    """Queue the recompute of a type as it is defined now; returns the one that is under way, if there is one.

    Raises AchievementTypeNotFound, and Conflict for a retired type.
    """
    type_ = achievement_type_service.find_or_raise(tx, type_id)
    if type_.retired:
        raise Conflict(reason=f"Achievement type {type_id} is retired")
    return job_service.enqueue(
        tx,
        kind=KIND,
        params={"type_id": type_id, "version": type_.version, "dry_run": dry_run},
        created_by=created_by,
        unique_key=f"{KIND}:{type_id}:{type_.version}:{'dry' if dry_run else 'real'}",
    )


def run_page(tx: Transaction, job: Job) -> Page:
    """The next users of the job; its position is the last user's id.

    Raises Conflict, which ends the job, if the definition is not the one it was queued for any more.
    """
    type_ = achievement_type_service.find_or_raise(tx, job.params["type_id"])
    if type_.retired or type_.version != job.params["version"]:
        raise Conflict(reason=f"Achievement type {type_.id} was changed meanwhile: recompute it again")
    total = job.total if job.total is not None else user_metric_repo.count_of_metric(tx, type_.metric)
    last_id, users = user_metric_repo.last_user_of_page(tx, type_.metric, after_id=job.position, users=PAGE_USERS)
    found: Sequence[UnlockedLevel] = []
    if last_id is not None:
        found = reward_repo.list_due(tx, type_.id, after_id=job.position, last_id=last_id)
        if found and not job.params["dry_run"]:
            found = achievement_service.unlock_type(tx, type_, sorted({level.user_id for level in found}))
    return Page(
        position=job.position if last_id is None else last_id,
        done=users,
        is_last=users < PAGE_USERS,
        total=max(total, job.done + users),
        result=_added(job, type_, found),
    )


def _added(job: Job, type_: AchievementType, found: Sequence[UnlockedLevel]) -> dict[str, Any]:
    """The job's result with what this page found; `sample` names the first of it."""
    before: dict[str, Any] = dict(job.result or {})
    levels = {str(level.tier): 0 for level in type_.levels} | before.get("levels", {})
    for level in found:
        levels[level.tier] += 1
    sample = before.get("sample", [])
    more = [{"user_id": level.user_id, "tier": shown_tier(level.tier)} for level in found]
    return {
        "dry_run": job.params["dry_run"],
        "version": type_.version,
        "users": before.get("users", 0) + len({level.user_id for level in found}),
        "levels": levels,
        "xp": before.get("xp", 0) + sum(level.xp for level in found),
        "soft_currency": before.get("soft_currency", 0) + sum(level.soft_currency for level in found),
        "points": before.get("points", 0) + sum(level.points for level in found),
        "sample": [*sample, *more[: MAX_SAMPLE - len(sample)]],
    }
