"""A player's progress: xp, level, currency."""

from app.errors import ProgressNotFound
from app.repositories import progress_repo
from app.rules.progress_rules import Progress
from app.transaction import Transaction, transaction


@transaction("get_progress")
def get_progress(tx: Transaction, user_id: int) -> Progress:
    """The player's progress. Raises ProgressNotFound."""
    progress = progress_repo.find(tx, user_id)
    if progress is None:
        raise ProgressNotFound(user_id=user_id)
    return progress
