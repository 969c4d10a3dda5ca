"""/api/v1/combat/settlements: finished fights, handed in by engines, looked after by staff (contract, "System 3")."""

from flask import Blueprint, Response

from app.controllers import combat_settlement_controller
from app.errors import CombatAlreadyFinished, CombatNotFound, Conflict
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.middleware.validate import validate, validate_query
from app.schemas.combat import AcceptedView, RejectSettlement, SettleCombat, SettlementsQuery, SettlementView
from app.schemas.page import HistoryPage

settlement_bp = Blueprint("combat_settlement", __name__, url_prefix="/api/v1/combat/settlements")
admin_settlement_bp = Blueprint("admin_settlement", __name__, url_prefix="/api/v1/admin/combat/settlements")


@settlement_bp.post("")
@answers(202, AcceptedView, errors=[CombatAlreadyFinished], replayable=True)
@auth_required(roles=["system"])
@validate(SettleCombat)
def settle_combat(body: SettleCombat) -> Response:
    return combat_settlement_controller.settle_combat(body)


@admin_settlement_bp.get("")
@answers(200, HistoryPage[SettlementView])
@auth_required(roles=["admin"])
@validate_query(SettlementsQuery)
def list_settlements(query: SettlementsQuery) -> Response:
    return combat_settlement_controller.list_settlements(query)


@admin_settlement_bp.post("/<session:session_id>/retry")
@answers(202, SettlementView, errors=[CombatNotFound, Conflict])
@auth_required(roles=["admin"])
def retry_settlement(session_id: str) -> Response:
    return combat_settlement_controller.retry_settlement(session_id)


@admin_settlement_bp.post("/<session:session_id>/reject")
@answers(200, SettlementView, errors=[CombatNotFound, Conflict])
@auth_required(roles=["admin"])
@validate(RejectSettlement)
def reject_settlement(body: RejectSettlement, session_id: str) -> Response:
    return combat_settlement_controller.reject_settlement(body, session_id)
