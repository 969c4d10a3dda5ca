"""event_types: the kinds of events that clients may tell, with what they are worth."""

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from app.errors import EventTypeExists
from app.rules.event_rules import EventType
from app.transaction import Transaction, violated_key

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


def feeds(tx: Transaction, metric: str) -> bool:
    """Whether events raise the metric."""
    row = tx.execute(
        """
        SELECT 1
        FROM event_types
        WHERE metric = :metric
        LIMIT 1
        """,
        {"metric": metric},
    ).one_or_none()
    return row is not None


def insert(tx: Transaction, *, code: str, metric: str, points: int) -> None:
    """A new event type. Raises EventTypeExists for a code that was ever used."""
    try:
        tx.execute(
            """
        INSERT INTO event_types (code, metric, points, created_at, updated_at)
        VALUES (:code, :metric, :points, :now, :now)
        """,
            {"code": code, "metric": metric, "points": points, "now": tx.now},
        )
    except IntegrityError as exc:
        if violated_key(exc) != "PRIMARY":
            raise
        raise EventTypeExists(event_type=code) from exc


def set_points(tx: Transaction, code: str, points: int) -> None:
    """What events of the type are worth from now on; a retired one is in use again."""
    tx.execute(
        """
        UPDATE event_types
        SET points = :points,
            retired_at = NULL,
            updated_at = :now
        WHERE code = :code
        """,
        {"code": code, "points": points, "now": tx.now},
    )


def retire(tx: Transaction, code: str) -> None:
    """Take no more events of the type; those that were told stay."""
    tx.execute(
        """
        UPDATE event_types
        SET retired_at = COALESCE(retired_at, :now),
            updated_at = :now
        WHERE code = :code
        """,
        {"code": code, "now": tx.now},
    )


def _event_type(row: Row[tuple[object, ...]]) -> EventType:
    return EventType(row.code, row.metric, row.points, retired=row.retired_at is not None)
