"""Log lines: readable text, or JSON with the same facts as fields (`LOG_FORMAT`).

In text the access line is exactly `req_abc123 user=15 POST /match/finish 200 18ms`. What is bound with
`structlog.contextvars` (the request id) appears in every line of the request, third-party loggers included.
"""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from config import Config

ACCESS_EVENT = "request"

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
        else [_TextRenderer()]
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    logging.basicConfig(handlers=[handler], level=config.LOG_LEVEL, force=True)
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


def _service_name(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {"service_name": "laurel", **event}


class _TextRenderer:
    """The course spec's access line; everything else as `time [level] event key=value`."""

    def __init__(self) -> None:
        self._console = structlog.dev.ConsoleRenderer(
            colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        )

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> str:
        if event["event"] == ACCESS_EVENT and "duration_ms" in event:
            return (
                f"{event['request_id']} user={event['user_id']} {event['method']} {event['path']}"
                f" {event['status']} {event['duration_ms']}ms"
            )
        return str(self._console(logger, method, event))
