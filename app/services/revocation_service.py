"""Revoked access tokens: written here, polled by every process (architecture, "Identity")."""

from datetime import timedelta

from app.extensions import current_config
from app.repositories import revocation_repo, token_family_repo
from app.rules.auth_rules import LONGEST_TOKEN, Revocation, TokenFamily
from app.rules.user_rules import User
from app.transaction import Transaction, transaction

PAGE_ROWS = 1_000


def revoke_family(tx: Transaction, family: TokenFamily) -> None:
    """End one signing in: its refresh tokens at once, its access tokens within seconds."""
    token_family_repo.revoke(tx, family)
    lifetime = timedelta(seconds=current_config().ACCESS_TOKEN_SECONDS)
    revocation_repo.insert_family(tx, user_id=family.user_id, family_id=family.id, expires_at=tx.now + lifetime)


def revoke_access_tokens(tx: Transaction, user: User) -> None:
    """Void every access token under a version below the user's `token_version`, within seconds."""
    expires_at = tx.now + LONGEST_TOKEN
    revocation_repo.insert_user(tx, user_id=user.id, token_version=user.token_version, expires_at=expires_at)


def list_revocations(*, after_id: int) -> list[Revocation]:
    """Every revocation with a higher id, in the order of ids."""
    found: list[Revocation] = []
    while True:
        page = _list_after(found[-1].id if found else after_id)
        found.extend(page)
        if len(page) < PAGE_ROWS:
            return found


@transaction("list_revocations")
def _list_after(tx: Transaction, after_id: int) -> list[Revocation]:
    return revocation_repo.list_after(tx, after_id=after_id, limit=PAGE_ROWS)
