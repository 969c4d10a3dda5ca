"""What became of a fight."""

from datetime import datetime
from typing import Any

from app.controllers.envelope import iso_time
from app.rules.combat_rules import Document


def fight_result(document: Document, finished_at: datetime) -> dict[str, Any]:
    """The result of a finished fight as clients see it."""
    meta = document["meta"]
    return {
        "winner_team": meta["winner_team"],
        "finish_reason": meta["finish_reason"],
        "finished_at": iso_time(finished_at),
        "participants": document["participants"],
    }
