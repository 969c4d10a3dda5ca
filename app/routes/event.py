"""/event, the course spec's door, and /api/v1/event/ and /api/v1/events (contract, "System 2")."""

from flask import Blueprint, Response

from app.controllers import event_controller
from app.errors import (
    IdempotencyKeyReused,
    MatchAbandoned,
    MatchAlreadyFinished,
    MatchNotFound,
    MatchVoided,
    ProgressNotFound,
    ResultImplausible,
    UserNotFound,
)
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.middleware.idempotency_key import accept_idempotency_key
from app.middleware.validate import validate, validate_query
from app.schemas.event import CourseEvent, CourseEventView, EventItem, EventsQuery, EventView, RecordEvent
from app.schemas.match import ReceiptView
from app.schemas.page import HistoryPage

event_bp = Blueprint("event", __name__, url_prefix="/event")
game_event_bp = Blueprint("game_event", __name__, url_prefix="/api/v1")


@event_bp.post("")
@answers(
    200,
    ReceiptView,
    errors=[MatchNotFound, ProgressNotFound, MatchAlreadyFinished, MatchAbandoned, MatchVoided, ResultImplausible],
    replayable=True,
)
@answers(201, CourseEventView, errors=[UserNotFound, IdempotencyKeyReused], replayable=True)
@auth_required(roles=["player"])
@accept_idempotency_key
@validate(CourseEvent)
def take_course_event(body: CourseEvent) -> Response:
    return event_controller.take_course_event(body)


@game_event_bp.post("/event/", strict_slashes=False)
@answers(201, EventView, errors=[UserNotFound, IdempotencyKeyReused], replayable=True)
@auth_required(roles=["player", "system"])
@accept_idempotency_key
@validate(RecordEvent)
def record_event(body: RecordEvent) -> Response:
    return event_controller.record_event(body)


@game_event_bp.get("/events/user/<id:user_id>")
@answers(200, HistoryPage[EventItem], errors=[UserNotFound])
@auth_required(roles=["player", "support", "system"])
@validate_query(EventsQuery)
def list_events(query: EventsQuery, user_id: int) -> Response:
    return event_controller.list_events(query, user_id)
