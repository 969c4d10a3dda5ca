"""Runs the migrations, on a connection of their own: no read timeout, and only one runner at a time."""

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from app.extensions import current_config

LOCK = "laurel_migrations"
LOCK_WAIT_SECONDS = 120


def run_migrations_online() -> None:
    """Every migration is a few re-runnable statements: DDL commits at once, no transaction can hold it."""
    engine = create_engine(current_config().SQLALCHEMY_DATABASE_URI, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if not connection.scalar(
            text("SELECT GET_LOCK(:name, :seconds)"), {"name": LOCK, "seconds": LOCK_WAIT_SECONDS}
        ):
            raise RuntimeError("another process is migrating this database")
        context.configure(connection=connection)
        context.run_migrations()


if context.is_offline_mode():
    context.configure(dialect_name="mysql", literal_binds=True)
    context.run_migrations()
else:
    run_migrations_online()
