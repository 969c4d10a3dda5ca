"""/api/v1/admin/dead-letters: events that failed for good (architecture, "Exactly once", 4)."""

from flask import Blueprint, Response

from app.controllers import dead_letter_controller
from app.errors import DeadLetterNotFound
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.middleware.validate import validate_query
from app.schemas.dead_letter import DeadLettersQuery, DeadLetterView
from app.schemas.page import HistoryPage

dead_letter_bp = Blueprint("dead_letter", __name__, url_prefix="/api/v1/admin/dead-letters")


@dead_letter_bp.get("")
@answers(200, HistoryPage[DeadLetterView])
@auth_required(roles=["admin"])
@validate_query(DeadLettersQuery)
def list_dead_letters(query: DeadLettersQuery) -> Response:
    return dead_letter_controller.list_dead_letters(query)


@dead_letter_bp.post("/<id:dead_letter_id>/replay")
@answers(200, DeadLetterView, errors=[DeadLetterNotFound])
@auth_required(roles=["admin"])
def replay_dead_letter(dead_letter_id: int) -> Response:
    return dead_letter_controller.replay_dead_letter(dead_letter_id)
