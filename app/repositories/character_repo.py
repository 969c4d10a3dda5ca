"""characters: hp, energy, xp and gold; xp and gold are always the sum of combat_ledger."""

import json
from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import Row

from app.rules.character_rules import MAX_ENERGY, NEW_MAX_HP, Character
from app.transaction import Transaction

_COLUMNS = """
               c.id, c.user_id, c.name, c.hp, c.max_hp, c.energy, c.xp, c.gold,
               c.last_combat_session_id, c.session_id, c.state_combat_id"""


def insert(
    tx: Transaction, *, user_id: int, name: str, character_id: int | None = None, max_hp: int = NEW_MAX_HP
) -> int:
    """A new character in full health; returns its id, which the database makes unless it is given."""
    result = tx.execute(
        """
        INSERT INTO characters (id, user_id, name, hp, max_hp, energy, created_at, updated_at)
        VALUES (:character_id, :user_id, :name, :max_hp, :max_hp, :energy, :now, :now)
        """,
        {
            "character_id": character_id,
            "user_id": user_id,
            "name": name,
            "max_hp": max_hp,
            "energy": MAX_ENERGY,
            "now": tx.now,
        },
    )
    return int(result.lastrowid)


def find(tx: Transaction, character_id: int) -> Character | None:
    """One character, unlocked."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM characters c
        WHERE c.id = :character_id
        """,
        {"character_id": character_id},
    ).one_or_none()
    return _character(row) if row else None


def lock(tx: Transaction, character_id: int) -> Character | None:
    """Lock a character, and with it everything that it holds."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM characters c
        WHERE c.id = :character_id
        FOR UPDATE
        """,
        {"character_id": character_id},
    ).one_or_none()
    return _character(row) if row else None


def list_by_ids(tx: Transaction, character_ids: Collection[int]) -> list[Character]:
    """Those of the characters that exist, unlocked, in the order of their ids."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM JSON_TABLE(:ids, '$[*]' COLUMNS (id BIGINT PATH '$')) AS wanted
        STRAIGHT_JOIN characters c ON c.id = wanted.id
        """,
        {"ids": json.dumps(sorted(character_ids))},
    )
    return [_character(row) for row in rows]


def lock_by_ids(tx: Transaction, character_ids: Collection[int]) -> list[Character]:
    """Lock those of the characters that exist, in the order of their ids, whatever order they are given in.

    The table function stands in a subquery, because MySQL would lock it too (error 3569).
    """
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM (SELECT j.id FROM JSON_TABLE(:ids, '$[*]' COLUMNS (id BIGINT PATH '$')) AS j) AS wanted
        STRAIGHT_JOIN characters c ON c.id = wanted.id
        FOR UPDATE
        """,
        {"ids": json.dumps(sorted(character_ids))},
    )
    return [_character(row) for row in rows]


def lock_of_user(tx: Transaction, user_id: int) -> None:
    """Lock all characters of a user, in the order of their ids."""
    tx.execute(
        """
        SELECT id
        FROM characters FORCE INDEX (ix_characters_user_id)
        WHERE user_id = :user_id
        ORDER BY id
        FOR UPDATE
        """,
        {"user_id": user_id},
    )


def list_of_user(tx: Transaction, *, user_id: int, limit: int, offset: int) -> list[Character]:
    """A page of the user's characters, oldest first."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM characters c
        WHERE c.user_id = :user_id
        ORDER BY c.id
        LIMIT :limit OFFSET :offset
        """,
        {"user_id": user_id, "limit": limit, "offset": offset},
    )
    return [_character(row) for row in rows]


def count_of_user(tx: Transaction, user_id: int) -> int:
    """How many characters the user has."""
    row = tx.execute(
        """
        SELECT COUNT(*) AS characters
        FROM characters
        WHERE user_id = :user_id
        """,
        {"user_id": user_id},
    ).one()
    return int(row.characters)


def write_standing(tx: Transaction, characters: Collection[Character]) -> None:
    """Write hp, energy, xp, gold and fights of locked characters."""
    tx.execute(
        """
        UPDATE characters c
        JOIN JSON_TABLE(:characters, '$[*]' COLUMNS (
            id BIGINT PATH '$.id', hp INT PATH '$.hp', energy INT PATH '$.energy', xp BIGINT PATH '$.xp',
            gold BIGINT PATH '$.gold', last_combat_session_id VARCHAR(64) PATH '$.last_combat_session_id',
            session_id VARCHAR(64) PATH '$.session_id', state_combat_id BIGINT PATH '$.state_combat_id'
        )) AS now ON now.id = c.id
        SET c.hp = now.hp,
            c.energy = now.energy,
            c.xp = now.xp,
            c.gold = now.gold,
            c.last_combat_session_id = now.last_combat_session_id,
            c.session_id = now.session_id,
            c.state_combat_id = now.state_combat_id,
            c.updated_at = :now
        """,
        {"characters": json.dumps([asdict(character) for character in characters]), "now": tx.now},
    )


def send_into_session(tx: Transaction, character_ids: Collection[int], session_id: str) -> None:
    """Note the fight that locked characters are sent into."""
    tx.execute(
        """
        UPDATE characters c
        JOIN JSON_TABLE(:ids, '$[*]' COLUMNS (id BIGINT PATH '$')) AS sent ON sent.id = c.id
        SET c.session_id = :session_id,
            c.last_combat_session_id = :session_id,
            c.updated_at = :now
        """,
        {"ids": json.dumps(sorted(character_ids)), "session_id": session_id, "now": tx.now},
    )


def list_ids_of_user(tx: Transaction, user_id: int) -> list[int]:
    """The ids of all the user's characters."""
    rows = tx.execute(
        """
        SELECT id
        FROM characters
        WHERE user_id = :user_id
        ORDER BY id
        """,
        {"user_id": user_id},
    )
    return [row.id for row in rows]


def rename_of_user(tx: Transaction, *, user_id: int, name: str) -> None:
    """Give all characters of a user another name; his own were personal."""
    tx.execute(
        """
        UPDATE characters
        SET name = :name
        WHERE user_id = :user_id
        """,
        {"user_id": user_id, "name": name},
    )


def _character(row: Row[tuple[object, ...]]) -> Character:
    return Character(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        hp=row.hp,
        max_hp=row.max_hp,
        energy=row.energy,
        xp=row.xp,
        gold=row.gold,
        last_combat_session_id=row.last_combat_session_id,
        session_id=row.session_id,
        state_combat_id=row.state_combat_id,
    )
