"""Whether the database stands at the migration that this code was written for."""

from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from app.repositories import schema_repo
from app.transaction import Transaction, transaction


class SchemaOutdated(Exception):
    """The database lacks migrations; the message says which command applies them."""


@transaction("get_schema_revision")
def get_revision(tx: Transaction) -> str | None:
    """The migration that the database stands at; None for an empty one."""
    return schema_repo.find_revision(tx)


def require_current_schema(migrations_dir: str) -> None:
    """Raise SchemaOutdated if the database is behind `migrations_dir`; one that is ahead is a rolling upgrade."""
    scripts = ScriptDirectory(migrations_dir)
    head, revision = scripts.get_current_head(), get_revision()
    if revision == head:
        return
    try:
        known = revision is None or scripts.get_revision(revision) is not None
    except CommandError:
        known = False
    if known:
        stands_at = f"is at migration {revision}" if revision else "is empty"
        raise SchemaOutdated(f"The database {stands_at}, {head} is needed. Run: flask db upgrade")
