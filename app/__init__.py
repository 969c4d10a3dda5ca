"""Laurel: a game backend that grants every reward exactly once. `create_app` builds everything."""

import json
from typing import Any, ClassVar

from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider
from sqlalchemy.engine import URL, make_url
from werkzeug.routing import BaseConverter

from app.cli import register_cli
from app.extensions import db, jwt, migrate
from app.logs import configure_logging
from app.middleware.error_handler import register_error_handlers
from app.middleware.request_id import register_request_id
from app.middleware.request_metrics import register_request_metrics
from app.middleware.response_headers import register_response_headers
from app.middleware.revocations import register_revocations
from app.routes import register_routes
from app.transaction import BATCH, configure_engine
from config import ROOT, Config

MIGRATIONS = ROOT / "migrations"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MULTI_STATEMENTS = 1 << 16  # CLIENT_MULTI_STATEMENTS of the protocol


def _numbers_up_to(largest: int) -> str:
    """A regular expression of the numbers from 0, with no more digits than `largest` has."""
    digits = str(largest)
    below = [
        f"{digits[:place]}[0-{int(digit) - 1}][0-9]{{{len(digits) - place - 1}}}"
        for place, digit in enumerate(digits)
        if digit != "0"
    ]
    return f"(?:[0-9]{{1,{len(digits) - 1}}}|{'|'.join(below)}|{digits})"


class _IdConverter(BaseConverter):
    """A numeric id in a path: ASCII digits within BIGINT; anything else has no route.

    The expression says it all: a value that only `to_python` refused would be 405 where the path has other methods.
    """

    regex = _numbers_up_to(2**63 - 1)
    json_schema: ClassVar = {"type": "integer", "format": "int64", "minimum": 0, "maximum": 2**63 - 1}

    def to_python(self, value: str) -> int:
        return int(value)


class _CodeConverter(BaseConverter):
    """A code in a path, such as that of a leaderboard."""

    regex = "[A-Za-z0-9_.-]{1,32}"
    json_schema: ClassVar = {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,32}$", "examples": ["td_score"]}


class _EventTypeConverter(BaseConverter):
    """The code of an event type in a path; its column compares ASCII and refuses to be asked for anything else."""

    regex = "[a-z0-9_]{1,64}"
    json_schema: ClassVar = {"type": "string", "pattern": "^[a-z0-9_]{1,64}$", "examples": ["login"]}


class _SessionConverter(BaseConverter):
    """The id of a fight's session in a path."""

    regex = "[A-Za-z0-9-]{1,64}"
    json_schema: ClassVar = {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$", "examples": ["uuid-555-666"]}


class _JsonProvider(DefaultJSONProvider):
    """Answers as compact UTF-8 with their fields in the order they were given; the encoder is made once."""

    _encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        return Response(self._encoder.encode(self._prepare_response_obj(args, kwargs)), mimetype=self.mimetype)


def create_app(config: Config | None = None) -> Flask:
    """Build the application; without `config` it is read from the environment. Connects to nothing yet."""
    config = config or Config.load()
    configure_logging(config)

    app = Flask("app", static_folder=None)
    app.config.from_mapping(_flask_settings(config))
    app.json = _JsonProvider(app)
    app.url_map.converters["id"] = _IdConverter
    app.url_map.converters["code"] = _CodeConverter
    app.url_map.converters["event_type"] = _EventTypeConverter
    app.url_map.converters["session"] = _SessionConverter
    app.extensions["laurel"] = config

    db.init_app(app)
    jwt.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    with app.app_context():
        for bind, engine in db.engines.items():
            configure_engine(engine, bind)

    register_request_id(app)
    register_request_metrics(app)
    register_response_headers(app, config)
    register_revocations(app)
    register_error_handlers(app)
    register_routes(app, config)
    register_cli(app)
    return app


def _flask_settings(config: Config) -> dict[str, Any]:
    url = make_url(config.SQLALCHEMY_DATABASE_URI)
    engine_options = {
        "pool_size": config.DATABASE_POOL_SIZE,
        "max_overflow": 0,
        "pool_timeout": config.DATABASE_POOL_TIMEOUT,
        "pool_reset_on_return": None,  # a transaction ends by its own COMMIT or ROLLBACK
        "hide_parameters": True,  # an error must not carry names, emails or hashes into the log
        "connect_args": {
            "charset": "utf8mb4",
            "connect_timeout": config.DATABASE_CONNECT_TIMEOUT,
            "read_timeout": config.DATABASE_READ_TIMEOUT,
            "write_timeout": config.DATABASE_READ_TIMEOUT,
            **_without_tls_on_loopback(url),
        },
    }
    return {
        "DEBUG": config.DEBUG,
        "MAX_CONTENT_LENGTH": config.MAX_BODY_BYTES + 1,  # one more shows that a chunked body goes on
        "JWT_SECRET_KEY": config.jwt_secret_key,
        "JWT_ALGORITHM": "HS256",
        "JWT_TOKEN_LOCATION": ["headers"],
        "JWT_COOKIE_CSRF_PROTECT": False,  # no cookies, so no CSRF claim in every token
        "SQLALCHEMY_DATABASE_URI": config.SQLALCHEMY_DATABASE_URI,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options,
        "SQLALCHEMY_BINDS": {
            BATCH: {"url": url.update_query_dict({"client_flag": str(MULTI_STATEMENTS)}), **engine_options}
        },
    }


def _without_tls_on_loopback(url: URL) -> dict[str, Any]:
    """Nobody listens between two processes of one machine, and encryption costs a quarter of PyMySQL's time there."""
    if url.host not in LOOPBACK or "unix_socket" in url.query:
        return {}
    return {"ssl_disabled": True} if url.get_driver_name() == "pymysql" else {"ssl_mode": "DISABLED"}
