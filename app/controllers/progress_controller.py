"""The door of a player's own progress."""

from flask import Response, g

from app.controllers.envelope import iso_time, success
from app.services import progress_service


def get_own_progress() -> Response:
    """200 `{user_id, xp, level, soft_currency, updated_at}`."""
    progress = progress_service.get_progress(g.user.id)
    return success(
        {
            "user_id": progress.user_id,
            "xp": progress.xp,
            "level": progress.level,
            "soft_currency": progress.soft_currency,
            "updated_at": iso_time(progress.updated_at),
        }
    )
