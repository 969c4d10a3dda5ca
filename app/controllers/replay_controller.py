"""The door of replays."""

from typing import Any

from flask import Response

from app.controllers.combat_result_controller import viewer_id
from app.controllers.envelope import success
from app.schemas.combat import ReplayQuery
from app.services import replay_service


def get_replay(query: ReplayQuery, session_id: str) -> Response:
    """200 with the turns; `?verify=1` adds whether they are as they were handed in."""
    replay = replay_service.get_replay(session_id, user_id=viewer_id(), verify=query.verify)
    data: dict[str, Any] = {"session_id": replay.session_id, "turns": replay.turns}
    if query.verify:
        data |= {"verified": replay.first_bad_turn is None, "first_bad_turn": replay.first_bad_turn}
    return success(data)
