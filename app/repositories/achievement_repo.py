"""achievement_types and achievement_levels: the definitions; of a type the levels of its present version count."""

import itertools
import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from app.errors import AchievementTypeExists
from app.rules.achievement_rules import AchievementType, Definition, Level
from app.transaction import Transaction, violated_key

_COLUMNS = """
               t.id, t.code, t.name, t.description, t.metric, t.combine, t.hidden, t.built_in, t.version, t.retired_at,
               l.tier, l.threshold, l.xp, l.soft_currency, l.points"""


def list_all(tx: Transaction) -> list[AchievementType]:
    """Every type, retired and built-in ones too, in the order of their making."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM achievement_types t
        JOIN achievement_levels l ON l.type_id = t.id AND l.version = t.version
        ORDER BY t.id, l.threshold
        """,
        {},
    )
    return _types(rows)


def find(tx: Transaction, type_id: int) -> AchievementType | None:
    """One type as it stands."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM achievement_types t
        JOIN achievement_levels l ON l.type_id = t.id AND l.version = t.version
        WHERE t.id = :type_id
        ORDER BY l.threshold
        """,
        {"type_id": type_id},
    )
    found = _types(rows)
    return found[0] if found else None


def find_next_level(tx: Transaction, *, code: str, above: int) -> Level | None:
    """The first level of a type in use with a threshold greater than `above`."""
    row = tx.execute(
        """
        SELECT l.tier, l.threshold, l.xp, l.soft_currency, l.points
        FROM achievement_types t
        JOIN achievement_levels l ON l.type_id = t.id AND l.version = t.version
        WHERE t.code = :code
          AND t.retired_at IS NULL
          AND l.threshold > :above
        ORDER BY l.threshold
        LIMIT 1
        """,
        {"code": code, "above": above},
    ).one_or_none()
    return Level(row.tier, row.threshold, row.xp, row.soft_currency, row.points) if row else None


def lock_catalog(tx: Transaction) -> None:
    """Let one transaction at a time change definitions, and raise the version that caches of them carry."""
    tx.execute(
        """
        UPDATE achievement_catalog
        SET version = version + 1
        WHERE id = 1
        """,
        {},
    )


def insert(tx: Transaction, definition: Definition) -> int:
    """A new type in its first version; returns its id. Raises AchievementTypeExists for a code that was ever used."""
    try:
        result = tx.execute(
            """
        INSERT INTO achievement_types (code, name, description, metric, combine, hidden, created_at, updated_at)
        VALUES (:code, :name, :description, :metric, :combine, :hidden, :now, :now)
        """,
            {**_texts(definition), "now": tx.now},
        )
    except IntegrityError as exc:
        if violated_key(exc) != "uq_achievement_types_code":
            raise
        raise AchievementTypeExists(type_code=definition.code) from exc
    type_id = int(result.lastrowid)
    _insert_levels(tx, type_id, version=1, levels=definition.levels)
    return type_id


def replace(tx: Transaction, type_id: int, definition: Definition, *, version: int) -> None:
    """Put a new version of the definition in force; the levels of the old ones stay."""
    tx.execute(
        """
        UPDATE achievement_types
        SET name = :name,
            description = :description,
            metric = :metric,
            combine = :combine,
            hidden = :hidden,
            version = :version,
            retired_at = NULL,
            updated_at = :now
        WHERE id = :type_id
        """,
        {**_texts(definition), "type_id": type_id, "version": version, "now": tx.now},
    )
    _insert_levels(tx, type_id, version=version, levels=definition.levels)


def retire(tx: Transaction, type_id: int) -> None:
    """Let nobody earn it any more."""
    tx.execute(
        """
        UPDATE achievement_types
        SET retired_at = :now,
            updated_at = :now
        WHERE id = :type_id
        """,
        {"type_id": type_id, "now": tx.now},
    )


def _texts(definition: Definition) -> dict[str, object]:
    return {
        "code": definition.code,
        "name": definition.name,
        "description": definition.description,
        "metric": definition.metric,
        "combine": definition.combine,
        "hidden": definition.hidden,
    }


def _insert_levels(tx: Transaction, type_id: int, *, version: int, levels: Sequence[Level]) -> None:
    rows = [[level.tier, level.threshold, level.xp, level.soft_currency, level.points] for level in levels]
    tx.execute(
        """
        INSERT INTO achievement_levels (type_id, version, tier, threshold, xp, soft_currency, points)
        SELECT :type_id, :version, l.tier, l.threshold, l.xp, l.soft_currency, l.points
        FROM JSON_TABLE(:levels, '$[*]' COLUMNS (
            tier VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$[0]',
            threshold BIGINT PATH '$[1]',
            xp INT PATH '$[2]',
            soft_currency INT PATH '$[3]',
            points INT PATH '$[4]'
        )) AS l
        """,
        {"type_id": type_id, "version": version, "levels": json.dumps(rows)},
    )


def _types(rows: Iterable[Row[tuple[object, ...]]]) -> list[AchievementType]:
    found = []
    for _, group in itertools.groupby(rows, key=lambda row: row.id):
        levels = list(group)
        first = levels[0]
        found.append(
            AchievementType(
                id=first.id,
                code=first.code,
                name=first.name,
                description=first.description,
                metric=first.metric,
                combine=first.combine,
                hidden=bool(first.hidden),
                built_in=bool(first.built_in),
                version=first.version,
                retired=first.retired_at is not None,
                levels=tuple(Level(row.tier, row.threshold, row.xp, row.soft_currency, row.points) for row in levels),
            )
        )
    return found
