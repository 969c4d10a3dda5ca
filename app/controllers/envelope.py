"""What every JSON answer looks like: the success envelope, times, pages."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from flask import Response, jsonify

from app.schemas.page import HistoryQuery, ListQuery, encode_cursor

JsonObject = Mapping[str, Any]


class HasId(Protocol):
    """A row that a cursor can point at."""

    @property
    def id(self) -> int: ...


Item = TypeVar("Item", bound=HasId)


def success(data: JsonObject, status: int = 200, *, replayed: bool = False) -> Response:
    """`{"ok": true, "data": ...}`; `Idempotency-Replayed: true` on the repeat of an earlier answer."""
    response = jsonify({"ok": True, "data": data})
    response.status_code = status
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def history_page(items: Sequence[Item], query: HistoryQuery, view: Callable[[Item], JsonObject]) -> Response:
    """A page of a history: `{items, next_cursor}`. `items` holds one more than `limit` if there is a next page."""
    shown = [_select(view(item), query.fields) for item in items[: query.limit]]
    more = len(items) > query.limit
    return success({"items": shown, "next_cursor": encode_cursor(items[query.limit - 1].id) if more else None})


def list_page(items: Sequence[JsonObject], total: int, query: ListQuery) -> Response:
    """A page of a list that is bounded: `{items, total, limit, offset}`."""
    return success({"items": items, "total": total, "limit": query.limit, "offset": query.offset})


def iso_time(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds and `Z`."""
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _select(item: JsonObject, fields: str | None) -> JsonObject:
    """Only the named fields of an item; all of them without `fields`."""
    return item if fields is None else {name: item[name] for name in fields.split(",") if name}
