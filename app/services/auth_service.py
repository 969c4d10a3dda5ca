"""Signing in and out (contract, "Accounts"). Controllers make the tokens of the Session that comes back."""

from datetime import timedelta

import structlog
from uuid_utils.compat import uuid7

from app.errors import AccountBanned, Conflict, InvalidCredentials, InvalidRefreshToken, LoginLocked
from app.extensions import current_config
from app.passwords import hash_password, is_outdated, password_matches
from app.repositories import credential_repo, login_failure_repo, token_family_repo, user_repo
from app.rules.auth_rules import MAX_FAILURES, Session, TokenFamily, account_hash, is_good, is_reused, seconds_locked
from app.rules.user_rules import User, case_folded, new_device_username
from app.services import revocation_service, user_service
from app.transaction import Transaction, transaction

log = structlog.stdlib.get_logger("laurel.auth")


def log_in(*, name: str, password: str, place: str) -> Session:
    """Sign in with a username or email and the password; failures are counted per account and place.

    Raises LoginLocked after 5 failures within 15 minutes, whoever has the name, InvalidCredentials for an unknown
    name or a wrong password, which take the same time, and AccountBanned only to who knows the password.
    """
    name = case_folded(name)
    user, password_hash = _find_credentials(name, place)
    matches = password_matches(password_hash, password)  # slow, also for nobody: outside of any transaction
    if user is None or password_hash is None or not matches:
        _count_failure(user.id if user else None, name, place)
        raise InvalidCredentials
    newer_hash = hash_password(password) if is_outdated(password_hash) else None
    return _open_session(user.id, name, place, password_hash, newer_hash)


@transaction("find_credentials")
def _find_credentials(tx: Transaction, name: str, place: str) -> tuple[User | None, str | None]:
    user = user_repo.find_by_email(tx, name) if "@" in name else user_repo.find_by_username(tx, name)
    account = account_hash(user.id if user else None, name)
    _refuse_if_locked(seconds_locked(login_failure_repo.find(tx, account, place), tx.now))
    return user, credential_repo.find_password(tx, user.id if user else 0)


@transaction("count_login_failure")
def _count_failure(tx: Transaction, user_id: int | None, name: str, place: str) -> None:
    account = account_hash(user_id, name)
    failed = login_failure_repo.count(tx, account, place)
    if failed.failures > MAX_FAILURES:  # others at the same moment were counted first
        _refuse_if_locked(seconds_locked(failed, tx.now))


@transaction("log_in")
def _open_session(
    tx: Transaction, user_id: int, name: str, place: str, password_hash: str, newer_hash: str | None
) -> Session:
    """The password was right. What was guessed at the same time counts first: a locked account stays locked."""
    user = user_repo.lock(tx, user_id)
    account = account_hash(user_id, name)
    failed = login_failure_repo.lock(tx, account, place)
    _refuse_if_locked(seconds_locked(failed, tx.now))
    if failed is not None:
        login_failure_repo.delete(tx, account, place)
    if newer_hash is not None:
        credential_repo.replace_password_hash(tx, user_id, old=password_hash, new=newer_hash)
    return _begin_family(tx, user)


def _refuse_if_locked(seconds: int) -> None:
    if seconds:
        raise LoginLocked(retry_after=seconds)


def log_in_device(*, device_id: str) -> Session:
    """Sign in with a device; its first use makes an account for it. Raises AccountBanned."""
    try:
        return _log_in_device(device_id)
    except Conflict:  # the same device's first use at the same moment was faster
        return _log_in_device(device_id)


@transaction("log_in_device")
def _log_in_device(tx: Transaction, device_id: str) -> Session:
    user_id = credential_repo.find_user_of_device(tx, device_id)
    if user_id is None:
        user_id = user_service.add_user(tx, username=new_device_username(), email=None, roles=["player"])
        if not credential_repo.insert_device(tx, user_id=user_id, device_id=device_id):
            raise Conflict(reason="The device was just given an account")
    return _begin_family(tx, user_repo.lock(tx, user_id))


def _begin_family(tx: Transaction, user: User | None) -> Session:
    """For a locked user: a ban or an erasure comes wholly before it, or after it and ends what it finds."""
    if user is None or user.status == "erased":
        raise InvalidCredentials
    if user.status == "banned":
        raise AccountBanned
    family_id = uuid7().bytes
    token_family_repo.insert(tx, user_id=user.id, family_id=family_id, expires_at=tx.now + _refresh_lifetime())
    return Session(user.id, user.roles, user.token_version, family_id, generation=1)


def refresh(*, user_id: int, family_id: bytes, generation: int) -> Session:
    """Exchange a refresh token for the next one. The use of one that was exchanged before ends the whole family.

    Raises InvalidRefreshToken.
    """
    session = _refresh(user_id, family_id, generation)
    if session is None:  # raised out here, where the end of the family is committed
        raise InvalidRefreshToken
    return session


@transaction("refresh_token")
def _refresh(tx: Transaction, user_id: int, family_id: bytes, generation: int) -> Session | None:
    user, family = _lock_family(tx, user_id, family_id)
    if is_reused(family, generation):
        log.warning("refresh_token_reused", user_id=user_id, family=family_id.hex(), generation=generation)
        revocation_service.revoke_family(tx, family)
        return None
    if user.status != "active" or not is_good(family, generation, tx.now):
        return None
    token_family_repo.rotate(tx, family, expires_at=tx.now + _refresh_lifetime())
    return Session(user_id, user.roles, user.token_version, family_id, generation + 1)


@transaction("log_out")
def log_out(tx: Transaction, *, user_id: int, family_id: bytes) -> None:
    """End the family of a refresh token, of any generation; again changes nothing. Raises InvalidRefreshToken."""
    _, family = _lock_family(tx, user_id, family_id)
    if family.revoked_at is None:
        revocation_service.revoke_family(tx, family)


def _lock_family(tx: Transaction, user_id: int, family_id: bytes) -> tuple[User, TokenFamily]:
    user = user_repo.find(tx, user_id)
    family = token_family_repo.lock(tx, user_id=user_id, family_id=family_id)
    if user is None or family is None:
        raise InvalidRefreshToken
    return user, family


def _refresh_lifetime() -> timedelta:
    return timedelta(seconds=current_config().REFRESH_TOKEN_SECONDS)
