"""The configuration: one frozen object, checked as a whole before anything starts.

Every field is an environment variable of the same name, described in `.env.example`. Sources, the first one
that sets a variable wins: the environment, `.env`, and `var/embedded.env`, which `make run` writes for its
private servers so that `flask laurel ...` in a second shell finds them.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from click import ClickException
from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent
DRIVERS = ("mysql+pymysql", "mysql+mysqldb")
DEBUG_JWT_SECRET_KEY = "debug-only-key-that-signs-nothing-of-value"  # noqa: S105
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")
MIN_KEY_BYTES = 32
MIN_DIFFERENT_CHARACTERS = 12

RateLimit = Annotated[str, Field(pattern=r"^(off|[1-9][0-9]{0,11}/(second|minute|hour|day))$")]


class ConfigError(ClickException):
    """The configuration cannot be used; the message names every bad variable."""


class Config(BaseModel):
    """Everything that can be set from outside. Durations are seconds, sizes are bytes."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True, hide_input_in_errors=True)

    DEBUG: bool = False
    EMBEDDED: bool = False
    HOST: str = "127.0.0.1"
    PORT: int = Field(default=5000, ge=1, le=65535)
    API_WORKERS: int = Field(default=2, ge=1, le=256)
    API_THREADS: int = Field(default=8, ge=1, le=256)
    LOG_FORMAT: Literal["text", "json"] = "text"
    LOG_LEVEL: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    SQLALCHEMY_DATABASE_URI: str
    DATABASE_POOL_SIZE: int = Field(default=8, ge=1, le=1000)
    DATABASE_POOL_TIMEOUT: float = Field(default=1.5, gt=0, le=60)
    DATABASE_CONNECT_TIMEOUT: int = Field(default=1, ge=1, le=60)
    DATABASE_READ_TIMEOUT: int = Field(default=5, ge=1, le=3600)
    DATABASE_LOCK_WAIT_TIMEOUT: int = Field(default=2, ge=1, le=60)

    REDIS_URL: str = ""

    OUTBOX_BATCH_SIZE: int = Field(default=500, ge=1, le=5_000)
    OUTBOX_LEASE_SECONDS: int = Field(default=30, ge=1, le=3_600)
    OUTBOX_MAX_ATTEMPTS: int = Field(default=5, ge=1, le=100)
    JOB_LEASE_SECONDS: int = Field(default=60, ge=1, le=3_600)
    JOB_MAX_ATTEMPTS: int = Field(default=5, ge=1, le=100)
    RETENTION_DAYS: int = Field(default=7, ge=1, le=3_650)

    JWT_SECRET_KEY: str = ""
    ACCESS_TOKEN_SECONDS: int = Field(default=900, ge=60, le=86_400)
    REFRESH_TOKEN_SECONDS: int = Field(default=30 * 86_400, ge=3_600, le=31_536_000)

    RATE_LIMIT_USER: RateLimit = "60000/minute"
    RATE_LIMIT_ADDRESS: RateLimit = "600000/minute"
    RATE_LIMIT_SIGN_IN: RateLimit = "6000/minute"
    RATE_LIMIT_EXPORT: RateLimit = "60/hour"
    METRICS_PORT: int | None = Field(default=None, ge=1, le=65535)
    TRUSTED_PROXIES: int = Field(default=0, ge=0, le=10)
    CORS_ORIGINS: str = ""

    MAX_BODY_BYTES: int = Field(default=1_000_000, ge=1_000, le=100_000_000)

    MATCH_DURATION_TOLERANCE_SECONDS: int = Field(default=30, ge=0, le=86_400)
    MATCH_MAX_SCORE: int = Field(default=10_000_000, ge=0, lt=2**63)
    MATCH_ABANDONED_AFTER_HOURS: int = Field(default=24, ge=1, le=8_760)
    COMBAT_BELT_SLOTS: int = Field(default=4, ge=1, le=20)
    COMBAT_SESSION_SECONDS: int = Field(default=3_600, ge=60, le=604_800)

    MATCH_MAX_WAVE: int = Field(default=10_000, ge=0, lt=2**31)

    CHECKIN_XP: int = Field(default=10, ge=0, le=1_000_000)
    CHECKIN_SOFT_CURRENCY: int = Field(default=5, ge=0, le=1_000_000)
    STREAK_MAX_FREEZES: int = Field(default=2, ge=0, le=365)
    STREAK_FREEZE_EVERY_DAYS: int = Field(default=7, ge=0, le=366)

    @field_validator("SQLALCHEMY_DATABASE_URI")
    @classmethod
    def _names_a_mysql_database(cls, uri: str) -> str:
        try:
            url = make_url(uri)
        except ArgumentError:
            raise ValueError("not a database URL") from None
        if url.drivername not in DRIVERS or not url.database:
            raise ValueError(f"{' or '.join(DRIVERS)}://user:password@host:port/database expected")
        return uri

    @field_validator("CORS_ORIGINS")
    @classmethod
    def _names_origins(cls, origins: str) -> str:
        if origins != "*" and not all(_ORIGIN.fullmatch(origin) for origin in origins.split(",") if origin):
            raise ValueError("`*` or https://host[:port],https://host... expected")
        return origins

    @model_validator(mode="after")
    def _signs_with_a_strong_key(self) -> Self:
        if self.DEBUG:
            return self
        key = self.JWT_SECRET_KEY
        weak = len(key.encode()) < MIN_KEY_BYTES or len(set(key)) < MIN_DIFFERENT_CHARACTERS
        if weak or key == DEBUG_JWT_SECRET_KEY:
            raise ValueError(
                f"JWT_SECRET_KEY: at least {MIN_KEY_BYTES} random bytes required, for example the output of"
                " `python3 -c 'import secrets; print(secrets.token_urlsafe(48))'`"
            )
        return self

    @property
    def jwt_secret_key(self) -> str:
        """The signing key; only a debug start may go without one of its own."""
        return self.JWT_SECRET_KEY or DEBUG_JWT_SECRET_KEY

    @classmethod
    def load(cls) -> "Config":
        """Read the environment, `.env` and `var/embedded.env`; raise ConfigError naming every bad variable."""
        return cls.from_mapping(environment())

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> "Config":
        """Check `values`; an empty string counts as not set."""
        given = {name: value for name, value in values.items() if value not in ("", None)}
        try:
            return cls.model_validate(given)
        except ValidationError as exc:
            raise ConfigError(_explain(exc)) from None


def var_dir() -> Path:
    """Where `make run` keeps the data of its private servers (`LAUREL_VAR`, default `var/`)."""
    return Path(os.environ.get("LAUREL_VAR") or ROOT / "var").resolve()


def given_environment() -> dict[str, str | None]:
    """What the user has set: `.env`, and above it the environment."""
    return {**dotenv_values(ROOT / ".env"), **os.environ}


def environment() -> dict[str, str | None]:
    """The variables of all sources; those of `make run` count only for its own database."""
    given = given_environment()
    embedded = dotenv_values(var_dir() / "embedded.env")
    uri = given.get("SQLALCHEMY_DATABASE_URI")
    if uri and uri != embedded.get("SQLALCHEMY_DATABASE_URI"):
        return given
    return {**embedded, **{name: value for name, value in given.items() if value}}


def _explain(exc: ValidationError) -> str:
    lines = ["The configuration cannot be used (every variable is described in .env.example):"]
    for error in exc.errors():
        name = ".".join(str(part) for part in error["loc"])
        message = error["msg"].removeprefix("Value error, ")
        if error["type"] == "missing" and name == "SQLALCHEMY_DATABASE_URI":
            message = "required; `make run` starts a private server and sets it"
        lines.append(f"  {name}: {message}" if name else f"  {message}")
    return "\n".join(lines)
