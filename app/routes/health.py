"""/healthz and /readyz: no token, no envelope."""

from flask import Blueprint, Response

from app.controllers import health_controller

health_bp = Blueprint("health", __name__)


@health_bp.get("/healthz")
def get_liveness() -> Response:
    return health_controller.get_liveness()


@health_bp.get("/readyz")
def get_readiness() -> Response:
    return health_controller.get_readiness()
