"""/healthz and /readyz: no token, no envelope."""

from flask import Blueprint, Response

from app.controllers import health_controller
from app.middleware.declare import answers
from app.schemas.health import Liveness, Readiness

health_bp = Blueprint("health", __name__)


@health_bp.get("/healthz")
@answers(200, Liveness, bare=True)
def get_liveness() -> Response:
    return health_controller.get_liveness()


@health_bp.get("/readyz")
@answers(200, Readiness, bare=True)
@answers(503, Readiness, bare=True)
def get_readiness() -> Response:
    return health_controller.get_readiness()
