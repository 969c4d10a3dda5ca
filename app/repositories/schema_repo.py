"""alembic_version: the migration that the database stands at."""

from sqlalchemy.exc import ProgrammingError

from app.transaction import Transaction, server_errno

NO_SUCH_TABLE = 1146


def find_revision(tx: Transaction) -> str | None:
    """The revision of the schema; None for a database without any."""
    try:
        row = tx.execute(
            """
        SELECT version_num
        FROM alembic_version
        """,
            {},
        ).one_or_none()
    except ProgrammingError as exc:
        if server_errno(exc) != NO_SUCH_TABLE:
            raise
        return None
    return row.version_num if row else None
