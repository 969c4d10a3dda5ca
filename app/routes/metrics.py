"""/metrics: text without the envelope and without a token; not here if METRICS_PORT gives it a port of its own."""

from flask import Blueprint, Response

from app.controllers import metrics_controller
from app.middleware.declare import answers

metrics_bp = Blueprint("metrics", __name__)


@metrics_bp.get("/metrics")
@answers(200, bare=True, media_type="text/plain")
def get_metrics() -> Response:
    return metrics_controller.get_metrics()
