"""errorHandler: every error leaves as `{"ok": false, "error": {code, message, requestId, details?}}`."""

import structlog
from flask import Flask, Response, g, jsonify
from werkzeug.exceptions import HTTPException

from app.errors import (
    AppError,
    Forbidden,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    ServiceUnavailable,
    Unauthorized,
    UnsupportedMediaType,
    explain,
)

log = structlog.stdlib.get_logger("laurel.error")

# What Flask and Werkzeug raise by themselves, by status.
FRAMEWORK_ERRORS: dict[int, type[AppError]] = {
    error.status: error
    for error in (
        InvalidRequest,
        Unauthorized,
        Forbidden,
        NotFound,
        MethodNotAllowed,
        PayloadTooLarge,
        UnsupportedMediaType,
    )
}


def register_error_handlers(app: Flask) -> None:
    """Map AppErrors, the framework's own errors and faults to the envelope."""

    @app.errorhandler(AppError)
    def _app_error(error: AppError) -> Response:
        if error.status >= 500:
            # The cause of a rolled back transaction is a fault to be mended; an unreachable database is not.
            expected = isinstance(error, ServiceUnavailable)
            log.error("request_failed", code=error.code, reason=explain(error), exc_info=None if expected else error)
        else:
            log.info("request_refused", code=error.code, reason=str(error))
        return error_response(error)

    @app.errorhandler(HTTPException)
    def _framework_error(error: HTTPException) -> HTTPException | Response:
        if error.code is None or error.code < 400:  # a redirect is an answer
            return error
        other = InvalidRequest if error.code < 500 else InternalError
        response = error_response(FRAMEWORK_ERRORS.get(error.code, other)())
        if error.code == MethodNotAllowed.status:
            response.headers["Allow"] = dict(error.get_headers()).get("Allow", "")
        return response

    @app.errorhandler(Exception)
    def _fault(error: Exception) -> Response:
        log.error("request_failed", code=InternalError.code, exc_info=error)
        return error_response(InternalError())


def error_response(error: AppError) -> Response:
    """The error envelope with its status and, where it says when to come back, `Retry-After`."""
    body: dict[str, object] = {"code": error.code, "message": str(error), "requestId": g.request_id}
    if error.details is not None:
        body["details"] = error.details
    response = jsonify({"ok": False, "error": body})
    response.status_code = error.status
    if error.status == Unauthorized.status:
        response.headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response
