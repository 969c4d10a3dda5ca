"""What is stored about a user: all of it for him, nothing personal after his erasure (contract, "Accounts")."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from app.repositories import (
    character_repo,
    credential_repo,
    events_repo,
    export_repo,
    idempotency_repo,
    login_failure_repo,
    streak_repo,
    token_family_repo,
    user_repo,
    user_stats_repo,
)
from app.repositories.export_repo import SECTIONS, SECTIONS_OF_CHARACTERS, Row, Section
from app.rules.auth_rules import account_hash
from app.rules.job_rules import Job, Page
from app.rules.user_rules import User, erased_username
from app.services import job_service, revocation_service, user_service, user_stats_service
from app.transaction import Transaction, transaction

ROWS_AT_ONCE = 1_000
EVENTS_AT_ONCE = 5_000
FORGET_TEXTS = "forget_texts"
REVOKED_EVERYWHERE = timedelta(seconds=30)  # a token is trusted for 5, and its last transaction ends


def export_user_data(user_id: int) -> Iterator[tuple[str, Iterator[Row]]]:
    """Every table with the rows it holds of the user, read in pages, each a transaction of its own."""
    for section in SECTIONS:
        yield section.table, _rows(section, [user_id])
    characters = _list_character_ids(user_id)
    for section in SECTIONS_OF_CHARACTERS:
        yield section.table, _rows(section, characters)


def _rows(section: Section, owner_ids: Iterable[int]) -> Iterator[Row]:
    for owner_id in owner_ids:
        page = _page(section, owner_id, section.first_position)
        yield from page
        while len(page) == ROWS_AT_ONCE:
            page = _page(section, owner_id, page[-1]["position"])
            yield from page


@transaction("export_user_data")
def _page(tx: Transaction, section: Section, owner_id: int, position: int | str) -> list[Row]:
    return export_repo.list_page(tx, section, owner_id=owner_id, position=position, limit=ROWS_AT_ONCE)


@transaction("list_character_ids")
def _list_character_ids(tx: Transaction, user_id: int) -> list[int]:
    return character_repo.list_ids_of_user(tx, user_id)


def erase_user(user_id: int) -> User:
    """Forget everything personal; returns what is left of the account. Again changes nothing.

    Matches, ledgers and scores stay under the bare id, so every sum and rank of the others stays what it is; the
    boards leave the user out. Raises UserNotFound.
    """
    erased = _erase_user(user_id)
    user_stats_service.forget_answer(user_id)
    return erased


@transaction("erase_user", batch=True)
def _erase_user(tx: Transaction, user_id: int) -> User:
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
    credential_repo.delete_of_user(tx, user_id)
    token_family_repo.delete_of_user(tx, user_id)
    login_failure_repo.delete_of_account(tx, account_hash(user_id, ""))
    streak_repo.forget_zones(tx, user_id)
    _forget_texts(tx, user_id, after_id=0)
    revocation_service.revoke_access_tokens(tx, erased)
    # again when no process trusts an old token any more, and to the end of a long history
    job_service.enqueue(tx, kind=FORGET_TEXTS, params={"user_id": user_id}, created_by=None, delay=REVOKED_EVERYWHERE)
    user_service.announce_status(tx, erased)
    return erased


def forget_texts(tx: Transaction, job: Job) -> Page:
    """A page of the job that follows an erasure."""
    last_id, seen = _forget_texts(tx, job.params["user_id"], after_id=job.position)
    return Page(last_id, done=seen, is_last=seen < EVENTS_AT_ONCE)


def _forget_texts(tx: Transaction, user_id: int, *, after_id: int) -> tuple[int, int]:
    """Forget what the user's client wrote freely; of events a page, up to which id and how many are returned."""
    character_repo.rename_of_user(tx, user_id=user_id, name=erased_username(user_id))
    idempotency_repo.delete_of_user(tx, user_id)
    last_id, seen = events_repo.last_of_page(tx, user_id=user_id, after_id=after_id, limit=EVENTS_AT_ONCE)
    events_repo.forget_details(tx, user_id=user_id, after_id=after_id, last_id=last_id)
    user_stats_repo.add(tx, [user_id], grants=[])  # an answer with the details is kept under the version before
    return last_id, seen
