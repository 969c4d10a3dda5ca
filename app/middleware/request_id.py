"""requestId: an id for every request, in the answer, in every log line; and the access log line."""

import re
import secrets
import time
from urllib.parse import quote

import structlog
from flask import Flask, Response, g, request

from app.logs import log_access

CLIENT_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def register_request_id(app: Flask) -> None:
    """Take the client's `X-Request-Id` or make one; log `req_abc123 user=15 POST /match/finish 200 18ms`."""

    @app.before_request
    def _begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if CLIENT_REQUEST_ID.fullmatch(given) else "req_" + secrets.token_hex(4)
        g.request_id = request_id
        g.started_at = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)

    @app.after_request
    def _end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        user = g.get("user")
        log_access(
            request_id=g.request_id,
            user_id=user.id if user else "-",
            method=request.method,
            path=_printable(request.path),
            status=response.status_code,
            duration_ms=round((time.perf_counter() - g.started_at) * 1000),
        )
        return response


def _printable(path: str) -> str:
    """The path on one line: whoever sends a line break in it must not be able to forge a log line."""
    return path if path.isascii() and path.isprintable() and " " not in path else quote(path)
