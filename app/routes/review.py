"""/api/v1/admin/reviews: implausible results (contract, "System 1", plausibility)."""

from flask import Blueprint, Response

from app.controllers import review_controller
from app.errors import Conflict, MatchAlreadyFinished, MatchVoided, ProgressNotFound, ReviewNotFound
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.middleware.validate import validate, validate_query
from app.schemas.page import HistoryPage
from app.schemas.review import DecideReview, ReviewsQuery, ReviewView

review_bp = Blueprint("review", __name__, url_prefix="/api/v1/admin/reviews")


@review_bp.get("")
@answers(200, HistoryPage[ReviewView])
@auth_required(roles=["admin"])
@validate_query(ReviewsQuery)
def list_reviews(query: ReviewsQuery) -> Response:
    return review_controller.list_reviews(query)


@review_bp.post("/<id:review_id>")
@answers(200, ReviewView, errors=[ReviewNotFound, Conflict, MatchAlreadyFinished, MatchVoided, ProgressNotFound])
@auth_required(roles=["admin"])
@validate(DecideReview)
def decide_review(body: DecideReview, review_id: int) -> Response:
    return review_controller.decide_review(body, review_id)
