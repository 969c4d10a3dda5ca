"""Answers of /healthz and /readyz; they have no envelope."""

from typing import Literal

from app.schemas import SnakeAnswer


class Liveness(SnakeAnswer):
    """The process answers."""

    status: Literal["ok"]


class Readiness(SnakeAnswer):
    """Whether requests can be served, and how each part is: `ok`, or what is wrong with it."""

    status: Literal["ok", "degraded", "unavailable"]
    components: dict[str, str]
