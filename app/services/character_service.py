"""Characters: create, read (contract "System 3: characters and inventory")."""

from dataclasses import asdict

from app.clients import combat_store
from app.errors import CharacterBusy, CharacterNotFound, UserNotFound
from app.repositories import character_repo, combat_repo, user_repo
from app.rules.character_rules import Character
from app.rules.combat_rules import FoughtCombat
from app.services import idempotency_service
from app.transaction import Transaction, transaction


@transaction("create_character")
def create_character(
    tx: Transaction, *, user_id: int, name: str, idempotency_key: str | None
) -> tuple[Character, bool]:
    """A new character in full health, and whether an earlier request with the same Idempotency-Key made it.

    Raises UserNotFound, and IdempotencyKeyReused for the same key with another name.
    """
    request = idempotency_service.keyed_request(user_id, "POST /api/v1/characters", idempotency_key, {"name": name})
    first_answer = idempotency_service.claim(tx, request)
    if first_answer is not None:
        return Character(**first_answer), True
    if not user_repo.exists(tx, user_id):
        raise UserNotFound(user=user_id)
    character_id = character_repo.insert(tx, user_id=user_id, name=name)
    character = find_character(tx, character_id, owner_id=user_id)
    idempotency_service.remember(tx, request, asdict(character))
    return character, False


@transaction("get_character")
def get_character(tx: Transaction, character_id: int, *, owner_id: int | None) -> Character:
    """A character: the owner's own, or anybody's if `owner_id` is None. Raises CharacterNotFound."""
    return find_character(tx, character_id, owner_id=owner_id)


@transaction("list_characters")
def list_characters(tx: Transaction, *, user_id: int, limit: int, offset: int) -> tuple[list[Character], int]:
    """A page of the user's characters, oldest first, and how many he has."""
    characters = character_repo.list_of_user(tx, user_id=user_id, limit=limit, offset=offset)
    return characters, character_repo.count_of_user(tx, user_id)


@transaction("list_combats")
def list_combats(
    tx: Transaction, character_id: int, *, owner_id: int | None, before_id: int, limit: int
) -> list[FoughtCombat]:
    """Up to `limit` finished fights of a character with an id below `before_id`, newest first.

    Raises CharacterNotFound.
    """
    find_character(tx, character_id, owner_id=owner_id)
    return combat_repo.list_of_character(tx, character_id=character_id, before_id=before_id, limit=limit)


def get_free_character(character_id: int, *, owner_id: int | None) -> Character:
    """A character that is not in a fight. Raises CharacterNotFound, CharacterBusy."""
    character = get_character(character_id, owner_id=owner_id)
    if character.session_id is not None and combat_store.going_on([character.session_id]):
        raise CharacterBusy(character_id=character_id)
    return character


def lock_free_character(tx: Transaction, character_id: int, session_id: str | None) -> Character:
    """Lock a character that was free when `session_id` was the fight it was last sent into.

    Raises CharacterBusy if it was sent into another one since, or a fight of it is not settled yet: until then what it
    used up of its belt still stands there.
    """
    character = lock_character(tx, character_id, owner_id=None)
    if character.session_id not in (None, session_id) or combat_repo.has_pending(tx, character_id):
        raise CharacterBusy(character_id=character_id)
    return character


def find_character(tx: Transaction, character_id: int, *, owner_id: int | None) -> Character:
    """`get_character` in the caller's transaction."""
    return _visible(character_repo.find(tx, character_id), character_id, owner_id)


def lock_character(tx: Transaction, character_id: int, *, owner_id: int | None) -> Character:
    """Lock a character and with it what it holds. Raises CharacterNotFound as `get_character` does."""
    return _visible(character_repo.lock(tx, character_id), character_id, owner_id)


def _visible(character: Character | None, character_id: int, owner_id: int | None) -> Character:
    if character is None or owner_id not in (None, character.user_id):
        raise CharacterNotFound(character_id=character_id)
    return character
