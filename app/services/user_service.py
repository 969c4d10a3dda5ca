"""Accounts: register, find, change (contract, "Accounts")."""

from collections.abc import Collection
from dataclasses import replace

from app.errors import Conflict, InvalidRequest, UserNotFound
from app.passwords import hash_password
from app.repositories import (
    audit_repo,
    credential_repo,
    outbox_repo,
    progress_repo,
    streak_repo,
    token_family_repo,
    user_repo,
    user_stats_repo,
)
from app.rules.user_rules import STATUS_CHANGED, User, case_folded, tidy_email, tidy_username
from app.services import revocation_service, streak_service
from app.transaction import Transaction, transaction


def register(*, username: str, email: str, password: str | None) -> User:
    """A player's new account. Raises InvalidRequest, UserAlreadyExists naming the field that is taken."""
    password_hash = hash_password(password) if password is not None else None  # slow: outside of any transaction
    return _register(username=username, email=email, roles=("player",), password_hash=password_hash)


def create_user(
    *, username: str, email: str | None = None, roles: Collection[str] = ("player",), password: str | None = None
) -> int:
    """An account with any roles, as an operator makes it; returns its id. Raises as `register` does."""
    password_hash = hash_password(password) if password is not None else None
    return _register(username=username, email=email, roles=roles, password_hash=password_hash).id


@transaction("register_user")
def _register(
    tx: Transaction, *, username: str, email: str | None, roles: Collection[str], password_hash: str | None
) -> User:
    user_id = add_user(tx, username=username, email=email, roles=roles)
    if password_hash is not None:
        credential_repo.set_password(tx, user_id, password_hash)
    return _living(user_repo.find(tx, user_id), user_id)


def add_user(tx: Transaction, *, username: str, email: str | None, roles: Collection[str]) -> int:
    """The account and everything that each one needs, in the caller's transaction.

    Raises InvalidRequest for a name that may not be one, UserAlreadyExists naming the field that is taken.
    """
    tidy, tidy_address = _tidy(username, email)
    user_id = user_repo.insert(tx, username=tidy, email=tidy_address, roles=roles)
    progress_repo.insert(tx, user_id)
    user_stats_repo.insert(tx, user_id)
    streak_repo.insert(tx, user_id)
    return user_id


def _tidy(username: str, email: str | None) -> tuple[str, str | None]:
    tidy, tidy_address = tidy_username(username), None if email is None else tidy_email(email)
    wrong = {}
    if tidy is None:
        wrong["username"] = "1 to 32 letters, digits, `_`, `.` or `-` required"
    if email is not None and tidy_address is None:
        wrong["email"] = "an email address required"
    if tidy is None or wrong:
        raise InvalidRequest(wrong)
    return tidy, tidy_address


def link_device_account(*, user_id: int, username: str, email: str, password: str) -> User:
    """Give an account that was made for a device a name, an email and a password; the device opens it as before.

    Raises UserAlreadyExists, Conflict if it has a password or was not made for a device, UserNotFound.
    """
    return _link_device_account(user_id, username=username, email=email, password_hash=hash_password(password))


@transaction("link_device_account")
def _link_device_account(tx: Transaction, user_id: int, *, username: str, email: str, password_hash: str) -> User:
    user = _lock_living(tx, user_id)
    if credential_repo.find_password(tx, user_id) is not None or not credential_repo.has_device(tx, user_id):
        raise Conflict(reason="Only an account that was made for a device and has no password yet can be linked")
    tidy, tidy_address = _tidy(username, email)
    display_name = tidy if user.display_name == user.username else user.display_name
    linked = replace(user, username=tidy, display_name=display_name, email=tidy_address)
    user_repo.update(tx, linked)
    credential_repo.set_password(tx, user_id, password_hash)
    return linked


@transaction("get_user")
def get_user(tx: Transaction, user_id: int) -> User:
    """The account, also a banned one. Raises UserNotFound."""
    return _living(user_repo.find(tx, user_id), user_id)


@transaction("get_user_by_username")
def get_user_by_username(tx: Transaction, username: str) -> User:
    """The account of that name. Raises UserNotFound."""
    return _living(user_repo.find_by_username(tx, username), username)


@transaction("list_users")
def list_users(tx: Transaction, *, query: str, after_key: str, limit: int) -> tuple[list[User], str | None]:
    """Up to `limit` accounts whose username, or with an `@` whose email, begins with `query`, in any case.

    They come in the order of that name; with them comes the `after_key` of the next page, None on the last.
    """
    prefix = case_folded(query)
    by_email = "@" in prefix
    find = user_repo.list_by_email if by_email else user_repo.list_by_username
    users = find(tx, prefix=prefix, after_key=after_key, limit=limit + 1)
    if len(users) <= limit:
        return users, None
    last = users[limit - 1]
    return users[:limit], case_folded((last.email or "") if by_email else last.username)


@transaction("change_profile")
def change_profile(tx: Transaction, user_id: int, *, display_name: str | None, time_zone: str | None) -> User:
    """Change what a player may change of his account himself; None leaves it. Raises UserNotFound."""
    user = _lock_living(tx, user_id)
    changed = replace(
        user,
        display_name=user.display_name if display_name is None else display_name,
        time_zone=user.time_zone if time_zone is None else time_zone,
    )
    if changed != user:
        user_repo.update(tx, changed)
    if changed.time_zone != user.time_zone:
        streak_service.choose_zone(tx, user_id, old_zone=user.time_zone, new_zone=changed.time_zone)
    return changed


@transaction("change_account", batch=True)
def change_account(
    tx: Transaction,
    user_id: int,
    *,
    roles: Collection[str] | None,
    status: str | None,
    actor_id: int,
    request_id: str,
) -> User:
    """Change roles or status (active, banned); None leaves it. The same again changes nothing.

    What the user's tokens say is no longer true, so they stop working within seconds; a banned user is signed out.
    Raises UserNotFound, and Conflict for one's own account: nobody locks himself out.
    """
    user = _lock_living(tx, user_id)
    changed = replace(
        user, roles=user.roles if roles is None else frozenset(roles), status=user.status if status is None else status
    )
    if changed == user:
        return user
    if user_id == actor_id:
        raise Conflict(reason="Another admin must change your account")
    changed = replace(changed, token_version=user.token_version + 1)
    user_repo.update(tx, changed)
    revocation_service.revoke_access_tokens(tx, changed)
    audit_repo.insert(
        tx,
        actor_id=actor_id,
        action="user.change",
        subject_type="user",
        subject_id=user_id,
        details={
            "before": {"roles": sorted(user.roles), "status": user.status},
            "after": {"roles": sorted(changed.roles), "status": changed.status},
        },
        request_id=request_id,
    )
    if changed.status == "banned":
        token_family_repo.revoke_of_user(tx, user_id)
    if changed.status != user.status:
        announce_status(tx, changed)
    return changed


def announce_status(tx: Transaction, user: User) -> None:
    """Let the boards know that the user is active, banned or erased now; needs a transaction with `batch`."""
    payload: dict[str, object] = {"user_id": user.id, "status": user.status}
    tx.batch([outbox_repo.insert(event_type=STATUS_CHANGED, key=str(user.id), payload=payload, now=tx.now)])


def lock_user(tx: Transaction, user_id: int) -> User:
    """The account, locked, also an erased one. Raises UserNotFound."""
    user = user_repo.lock(tx, user_id)
    if user is None:
        raise UserNotFound(user=user_id)
    return user


def _lock_living(tx: Transaction, user_id: int) -> User:
    return _living(user_repo.lock(tx, user_id), user_id)


def _living(user: User | None, asked_for: object) -> User:
    if user is None or user.status == "erased":
        raise UserNotFound(user=asked_for)
    return user
