"""The wall clock. Services read it once per transaction (`tx.now`) and pass it down; rules never look at it.

Every time in the process is timezone-aware UTC with milliseconds, the precision of the DATETIME(3) columns, so
that what is answered at once equals what is read back later.
"""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The time now, cut to milliseconds."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def from_column(value: datetime) -> datetime:
    """A DATETIME column's value (the drivers return it naive) as the UTC time it is."""
    return value.replace(tzinfo=UTC)


def from_nullable_column(value: datetime | None) -> datetime | None:
    """`from_column` for a column that may be NULL."""
    return None if value is None else from_column(value)
