"""Requests and answers of /api/v1/admin/jobs."""

from typing import Annotated, Any, Literal

from pydantic import Field

from app.schemas import SnakeAnswer, UtcTime
from app.schemas.page import HistoryQuery

Status = Literal["queued", "running", "done", "failed", "cancelled"]


class JobsQuery(HistoryQuery):
    """`GET /api/v1/admin/jobs`: of one status and one kind where these are given."""

    item_fields = ("id", "kind", "status", "done", "total", "result", "error", "created_at", "updated_at")

    status: Status | None = None
    kind: Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,64}$")] | None = None


class JobView(SnakeAnswer):
    """A job: `done` of `total` rows (null while unknown); `result` is the kind's own, `error` why it failed."""

    id: int
    kind: str
    status: Status
    done: int
    total: int | None
    result: dict[str, Any] | None
    error: str | None
    created_at: UtcTime
    updated_at: UtcTime
