"""/api/v1/admin/matches: taking back a settlement (contract, "System 1")."""

from flask import Blueprint, Response

from app.controllers import match_void_controller
from app.errors import Conflict, MatchNotFinished, MatchNotFound, ProgressNotFound
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.middleware.validate import validate
from app.schemas.match_void import MatchVoidView, VoidMatch

match_void_bp = Blueprint("match_void", __name__, url_prefix="/api/v1/admin/matches")


@match_void_bp.post("/<id:match_id>/void")
@answers(200, MatchVoidView, errors=[MatchNotFound, MatchNotFinished, ProgressNotFound, Conflict], replayable=True)
@auth_required(roles=["admin"])
@validate(VoidMatch)
def void_match(body: VoidMatch, match_id: int) -> Response:
    return match_void_controller.void_match(body, match_id)
