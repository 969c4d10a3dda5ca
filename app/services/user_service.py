"""Accounts: create and find."""

from collections.abc import Collection

from app.errors import InvalidRequest, UserNotFound
from app.repositories import progress_repo, user_repo
from app.rules.user_rules import User, tidy_username
from app.transaction import Transaction, transaction


@transaction("create_user")
def create_user(
    tx: Transaction, *, username: str, email: str | None = None, roles: Collection[str] = ("player",)
) -> int:
    """Create an account with everything a player needs, and return its id. See `add_user`."""
    return add_user(tx, username=username, email=email, roles=roles)


def add_user(tx: Transaction, *, username: str, email: str | None, roles: Collection[str]) -> int:
    """The account and its progress row, in the caller's transaction.

    Raises InvalidRequest for a name that may not be one, UserAlreadyExists naming the field that is taken.
    """
    tidy = tidy_username(username)
    if tidy is None:
        raise InvalidRequest({"username": "1 to 32 letters, digits, `_`, `.` or `-` required"})
    user_id = user_repo.insert(tx, username=tidy, email=email, roles=roles)
    progress_repo.insert(tx, user_id)
    return user_id


@transaction("get_user_by_username")
def get_user_by_username(tx: Transaction, username: str) -> User:
    """The account of that name. Raises UserNotFound."""
    user = user_repo.find_by_username(tx, username)
    if user is None:
        raise UserNotFound(user=username)
    return user
