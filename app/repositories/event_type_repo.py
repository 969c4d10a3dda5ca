"""event_types: the kinds of events that clients may tell, with what they are worth."""

from sqlalchemy import Row

from app.rules.event_rules import EventType
from app.transaction import Transaction

_COLUMNS = "t.code, t.metric, t.points, t.retired_at"


def list_all(tx: Transaction) -> list[EventType]:
    """Every event type, retired ones too, by code."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM event_types t
        ORDER BY t.code
        """,
        {},
    )
    return [_event_type(row) for row in rows]


def find(tx: Transaction, code: str) -> EventType | None:
    """One event type, retired or not."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM event_types t
        WHERE t.code = :code
        """,
        {"code": code},
    ).one_or_none()
    return _event_type(row) if row else None


def _event_type(row: Row[tuple[object, ...]]) -> EventType:
    return EventType(row.code, row.metric, row.points, retired=row.retired_at is not None)
