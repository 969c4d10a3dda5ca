"""item_templates: the kinds of items there are."""

import json
from collections.abc import Collection

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from app.errors import Conflict
from app.rules.character_rules import ItemTemplate
from app.transaction import Transaction, violated_key

_COLUMNS = "t.id, t.name, t.max_stack, t.max_durability"


def insert(tx: Transaction, template: ItemTemplate) -> None:
    """A new kind of item. Raises Conflict if another one has its id or its name."""
    try:
        tx.execute(
            """
        INSERT INTO item_templates (id, name, max_stack, max_durability, created_at)
        VALUES (:id, :name, :max_stack, :max_durability, :now)
        """,
            {
                "id": template.id,
                "name": template.name,
                "max_stack": template.max_stack,
                "max_durability": template.max_durability,
                "now": tx.now,
            },
        )
    except IntegrityError as exc:
        if violated_key(exc) is None:
            raise
        raise Conflict(reason="Another item template has this id or this name") from exc


def find(tx: Transaction, template_id: str) -> ItemTemplate | None:
    """One kind of item."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM item_templates t
        WHERE t.id = :template_id
        """,
        {"template_id": template_id},
    ).one_or_none()
    return _template(row) if row else None


def list_by_ids(tx: Transaction, template_ids: Collection[str]) -> list[ItemTemplate]:
    """Those of the templates that exist."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM JSON_TABLE(:ids, '$[*]' COLUMNS (id VARCHAR(64) PATH '$')) AS wanted
        STRAIGHT_JOIN item_templates t ON t.id = CONVERT(wanted.id USING ascii)
        """,
        {"ids": json.dumps(sorted(template_ids))},
    )
    return [_template(row) for row in rows]


def list_by_names(tx: Transaction, names: Collection[str]) -> list[ItemTemplate]:
    """The templates of these names."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM JSON_TABLE(:names, '$[*]' COLUMNS (name VARCHAR(100) PATH '$')) AS wanted
        STRAIGHT_JOIN item_templates t ON t.name = wanted.name
        """,
        {"names": json.dumps(sorted(names), ensure_ascii=False)},
    )
    return [_template(row) for row in rows]


def list_page(tx: Transaction, *, limit: int, offset: int) -> list[ItemTemplate]:
    """A page of all kinds of items, by id."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM item_templates t
        ORDER BY t.id
        LIMIT :limit OFFSET :offset
        """,
        {"limit": limit, "offset": offset},
    )
    return [_template(row) for row in rows]


def count(tx: Transaction) -> int:
    """How many kinds of items there are."""
    return int(tx.execute("SELECT COUNT(*) AS templates FROM item_templates", {}).one().templates)


def _template(row: Row[tuple[object, ...]]) -> ItemTemplate:
    return ItemTemplate(id=row.id, name=row.name, max_stack=row.max_stack, max_durability=row.max_durability)
