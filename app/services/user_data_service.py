"""What is stored about a user: all of it for him, nothing personal after his erasure (contract, "Accounts")."""

from collections.abc import Iterator
from dataclasses import replace

from app.repositories import (
    character_repo,
    credential_repo,
    export_repo,
    idempotency_repo,
    login_failure_repo,
    streak_repo,
    token_family_repo,
    user_repo,
)
from app.repositories.export_repo import SECTIONS, Row, Section
from app.rules.auth_rules import account_hash
from app.rules.user_rules import User, erased_username
from app.services import revocation_service, user_service
from app.transaction import Transaction, transaction

ROWS_AT_ONCE = 1_000


def export_user_data(user_id: int) -> Iterator[tuple[str, Iterator[Row]]]:
    """Every table with the rows it holds of the user, read in pages, each a transaction of its own."""
    for section in SECTIONS:
        yield section.table, _rows(section, user_id)


def _rows(section: Section, user_id: int) -> Iterator[Row]:
    position = section.first_position
    while True:
        page = _page(section, user_id, position)
        yield from page
        if len(page) < ROWS_AT_ONCE:
            return
        position = page[-1]["position"]


@transaction("export_user_data")
def _page(tx: Transaction, section: Section, user_id: int, position: int | str) -> list[Row]:
    return export_repo.list_page(tx, section, user_id=user_id, position=position, limit=ROWS_AT_ONCE)


@transaction("erase_user", batch=True)
def erase_user(tx: Transaction, user_id: int) -> User:
    """Forget everything personal; returns what is left of the account. Again changes nothing.

    Matches, ledgers and scores stay under the bare id, so every sum and rank of the others stays what it is; the
    boards leave the user out. Raises UserNotFound.
    """
    user = user_service.lock_user(tx, user_id)
    if user.status == "erased":
        return user
    name = erased_username(user_id)
    erased = replace(
        user,
        username=name,
        display_name=name,
        email=None,
        roles=frozenset(),
        status="erased",
        time_zone="UTC",
        token_version=user.token_version + 1,
    )
    user_repo.update(tx, erased)
    character_repo.rename_of_user(tx, user_id=user_id, name=name)
    streak_repo.forget_zones(tx, user_id)
    credential_repo.delete_of_user(tx, user_id)
    token_family_repo.delete_of_user(tx, user_id)
    login_failure_repo.delete_of_account(tx, account_hash(user_id, ""))
    idempotency_repo.delete_of_user(tx, user_id)
    revocation_service.revoke_access_tokens(tx, erased)
    user_service.announce_status(tx, erased)
    return erased
