"""The doors for orchestrators; their answers are bare JSON, without the envelope."""

from flask import Response, jsonify

from app.services import health_service


def get_liveness() -> Response:
    """200 as long as the process answers at all; looks at nothing else."""
    return jsonify({"status": "ok"})


def get_readiness() -> Response:
    """200 if requests can be served, else 503; names what is wrong."""
    health = health_service.check_health()
    response = jsonify({"status": health.status, "components": health.components})
    if not health.ready:
        response.status_code = 503
        response.headers["Retry-After"] = "1"
    return response
