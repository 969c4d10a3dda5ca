"""streak_outages: when the server was away for so long that it broke streaks; a handful of rows."""

from datetime import datetime

from app.clock import from_column
from app.rules.streak_rules import Outage
from app.transaction import Transaction


def insert(tx: Transaction, outage: Outage) -> int:
    """Note an outage and return its id; the same again is the same one."""
    return int(
        tx.execute(
            """
        INSERT INTO streak_outages (starts_at, ends_at, noted_at)
        VALUES (:starts_at, :ends_at, :now)
        ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)
        """,
            {"starts_at": outage.starts_at, "ends_at": outage.ends_at, "now": tx.now},
        ).lastrowid
    )


def list_ended_after(tx: Transaction, moment: datetime) -> list[Outage]:
    """The outages that ended after that time."""
    rows = tx.execute(
        """
        SELECT starts_at, ends_at
        FROM streak_outages
        WHERE ends_at > :moment
        ORDER BY ends_at
        """,
        {"moment": moment},
    )
    return [Outage(from_column(row.starts_at), from_column(row.ends_at)) for row in rows]
