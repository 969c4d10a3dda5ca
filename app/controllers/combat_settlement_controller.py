"""The doors of finished fights: engines hand them in, staff look after those that failed."""

from typing import Any

from flask import Response, g

from app.controllers.combat_result_controller import fight_result
from app.controllers.envelope import history_page, iso_time, success
from app.rules.combat_rules import AcceptedFight
from app.rules.settlement_rules import SettlementRow
from app.schemas.combat import RejectSettlement, SettleCombat, SettlementsQuery
from app.services import combat_settlement_service


def settle_combat(body: SettleCombat) -> Response:
    """202 `{session_id, status, settlement_status, result}`; the same fight again answers the same."""
    return accepted(combat_settlement_service.accept_fight(body.as_fight()))


def accepted(fight: AcceptedFight) -> Response:
    """202: the fight is in the history and will be settled."""
    data = {
        "session_id": fight.session_id,
        "status": "finished",
        "settlement_status": "pending",
        "result": fight_result(fight.document, fight.finished_at),
    }
    return success(data, 202, replayed=fight.replayed)


def list_settlements(query: SettlementsQuery) -> Response:
    """200 with the settlements of one status, newest first."""
    settlements = combat_settlement_service.list_settlements(
        status=query.status, before_id=query.before_id, limit=query.limit + 1
    )
    return history_page(settlements, query, _settlement)


def retry_settlement(session_id: str) -> Response:
    """202 with the settlement, which waits again."""
    settlement = combat_settlement_service.retry_settlement(session_id, actor_id=g.user.id, request_id=g.request_id)
    return success(_settlement(settlement), 202)


def reject_settlement(body: RejectSettlement, session_id: str) -> Response:
    """200 with the settlement, closed for good."""
    settlement = combat_settlement_service.reject_settlement(
        session_id, reason=body.reason, actor_id=g.user.id, request_id=g.request_id
    )
    return success(_settlement(settlement))


def _settlement(settlement: SettlementRow) -> dict[str, Any]:
    return {
        "session_id": settlement.session_id,
        "settlement_status": settlement.settlement_status,
        "finished_at": iso_time(settlement.finished_at),
        "settled_at": iso_time(settlement.settled_at),
        "failure_reason": settlement.failure_reason,
        "rejected_at": iso_time(settlement.rejected_at),
    }
