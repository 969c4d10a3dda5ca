"""Log lines: readable text, or JSON with the same facts as fields (`LOG_FORMAT`).

In text the access line is exactly `req_abc123 user=15 POST /match/finish 200 18ms`. What is bound with
`structlog.contextvars` (the request id) appears in every line of the request, third-party loggers included.
"""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from config import Config

# without the local variables of the frames: tokens and bodies are among them
_TRACEBACKS = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)


def configure_logging(config: Config) -> None:
    """Send every logger of the process to stdout in the configured format."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render: list[Processor] = (
        [
            structlog.processors.ExceptionRenderer(_TRACEBACKS),
            _service_name,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
        if config.LOG_FORMAT == "json"
        else [
            structlog.dev.ConsoleRenderer(
                colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    logging.basicConfig(handlers=[handler], level=config.LOG_LEVEL, force=True)
    _configure_access_log(config)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def log_access(**facts: object) -> None:
    """Write the line of an answered request: request_id, user_id, method, path, status, duration_ms."""
    _access_log.info("request", **facts)


def _configure_access_log(config: Config) -> None:
    """One line a request goes straight to stdout: a record of `logging` costs as much as a tenth of the request."""
    global _access_log
    render: list[Processor] = (
        [
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _access_logger_name,
            _service_name,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
        if config.LOG_FORMAT == "json"
        else [_access_line]
    )
    _access_log = structlog.wrap_logger(
        structlog.WriteLogger(sys.stdout),
        processors=render,
        wrapper_class=structlog.make_filtering_bound_logger(config.LOG_LEVEL),
    ).bind()


_access_log: structlog.typing.FilteringBoundLogger


def _access_line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return "{request_id} user={user_id} {method} {path} {status} {duration_ms}ms".format_map(event)


def _access_logger_name(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {"logger": "laurel.access", **event}


def _service_name(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {"service_name": "laurel", **event}
