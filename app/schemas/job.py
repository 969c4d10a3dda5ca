"""Requests of /api/v1/admin/jobs."""

from typing import Annotated, Literal

from pydantic import Field

from app.schemas.page import HistoryQuery


class JobsQuery(HistoryQuery):
    """`GET /api/v1/admin/jobs`: of one status and one kind where these are given."""

    item_fields = ("id", "kind", "status", "done", "total", "result", "error", "created_at", "updated_at")

    status: Literal["queued", "running", "done", "failed", "cancelled"] | None = None
    kind: Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,64}$")] | None = None
