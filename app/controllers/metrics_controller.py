"""The door of Prometheus."""

from flask import Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from app import metrics


def get_metrics() -> Response:
    """200 with the figures of all processes as text."""
    return Response(metrics.render(), content_type=CONTENT_TYPE_PLAIN_0_0_4)
