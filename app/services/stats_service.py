"""A player's daily statistics."""

from datetime import date

from app.repositories import stats_repo
from app.rules.stats_rules import DailyStatistics
from app.transaction import Transaction, transaction


@transaction("list_daily_statistics")
def list_daily(tx: Transaction, *, user_id: int, first: date, last: date) -> list[DailyStatistics]:
    """The player's days (UTC) from `first` to `last`, both included, oldest first; days without anything are absent."""
    return stats_repo.list_days(tx, user_id=user_id, first=first, last=last)
