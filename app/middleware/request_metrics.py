"""How many requests of each route were answered with which status, and how fast."""

import re
import time
from functools import lru_cache

from flask import Flask, Response, g, request
from prometheus_client import Histogram

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
NO_ROUTE = "none"

request_seconds = Histogram(
    "laurel_http_request_seconds",
    "Requests by route template and status: how many, and how long they took",
    ["method", "route", "status"],
    buckets=BUCKETS,
)


def register_request_metrics(app: Flask) -> None:
    """Count every answer."""

    @app.after_request
    def _count(response: Response) -> Response:
        rule = request.url_rule
        counted = _counted(request.method, rule.rule if rule is not None else NO_ROUTE, response.status_code)
        counted.observe(time.perf_counter() - g.started_at)
        return response


@lru_cache(maxsize=4_096)
def _counted(method: str, rule: str, status: int) -> Histogram:
    """The counter of a route; a method that nobody knows is not given a counter of its own."""
    route = re.sub(r"<(?:\w+(?:\([^>]*\))?:)?(\w+)>", r"{\1}", rule)
    return request_seconds.labels(method if method in METHODS else "OTHER", route, str(status))
