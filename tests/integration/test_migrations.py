"""The schema: up, down and up again; two at once; and a server that refuses an old one."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from app import MIGRATIONS, create_app
from app.extensions import db
from app.services.schema_service import SchemaOutdated, require_current_schema
from config import ROOT, Config


@pytest.fixture
def bare_app(config: Config, empty_database: Callable[[str], str]) -> Iterator[Flask]:
    """An application on an empty database."""
    bare = create_app(config.model_copy(update={"SQLALCHEMY_DATABASE_URI": empty_database("bare")}))
    with bare.app_context():
        yield bare
        db.engine.dispose()


def schema(app: Flask) -> dict[str, str]:
    """Every table and view with its definition."""
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"], poolclass=NullPool)
    found: dict[str, str] = {}
    with engine.connect() as connection:
        inspector = inspect(connection)
        for name in [*inspector.get_table_names(), *inspector.get_view_names()]:
            found[name] = str(connection.execute(text(f"SHOW CREATE TABLE {name}")).one()[1])
    return found


def test_up_down_and_up_again(bare_app: Flask) -> None:
    flask_migrate.upgrade()
    first = schema(bare_app)
    assert {"users", "matches", "game_events", "player_progress", "statistics_daily"} <= set(first)
    assert {"leaderboards", "leaderboard_scores", "reward_ledger", "idempotency_keys", "outbox", "audit_log"} <= set(
        first
    )
    flask_migrate.downgrade(revision="base")
    assert set(schema(bare_app)) == {"alembic_version"}
    flask_migrate.upgrade()
    assert schema(bare_app) == first


def test_each_step_can_be_taken_back_alone(bare_app: Flask) -> None:
    for revision in reversed(list(ScriptDirectory(str(MIGRATIONS)).walk_revisions())):
        flask_migrate.upgrade(revision=revision.revision)
        before = schema(bare_app)
        flask_migrate.downgrade()
        flask_migrate.upgrade(revision=revision.revision)
        assert schema(bare_app) == before


def test_a_step_that_was_cut_off_before_it_was_noted_runs_again(bare_app: Flask) -> None:
    flask_migrate.upgrade()
    engine = create_engine(bare_app.config["SQLALCHEMY_DATABASE_URI"], poolclass=NullPool, isolation_level="AUTOCOMMIT")
    first = schema(bare_app)
    for revision in ScriptDirectory(str(MIGRATIONS)).walk_revisions():
        if revision.down_revision is None:
            continue
        with engine.connect() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": revision.down_revision})
        flask_migrate.upgrade()
    assert schema(bare_app) == first


def test_two_upgrades_at_once_make_one_schema(bare_app: Flask) -> None:
    config: Config = bare_app.extensions["laurel"]
    environment = {
        **os.environ,
        "SQLALCHEMY_DATABASE_URI": config.SQLALCHEMY_DATABASE_URI,
        "JWT_SECRET_KEY": config.JWT_SECRET_KEY,
    }
    command = [sys.executable, "-m", "flask", "db", "upgrade"]
    upgrades = [subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) for _ in range(2)]
    for upgrade in upgrades:
        upgrade.communicate(timeout=60)
    assert [upgrade.returncode for upgrade in upgrades] == [0, 0]
    require_current_schema(str(MIGRATIONS))


def test_a_server_refuses_an_empty_or_outdated_database_and_says_what_to_run(bare_app: Flask) -> None:
    with pytest.raises(SchemaOutdated, match=r"is empty.*flask db upgrade"):
        require_current_schema(str(MIGRATIONS))
    flask_migrate.upgrade(revision="0003")
    with pytest.raises(SchemaOutdated, match=r"0003.*flask db upgrade"):
        require_current_schema(str(MIGRATIONS))
    flask_migrate.upgrade()
    require_current_schema(str(MIGRATIONS))


def test_a_database_of_a_newer_release_is_accepted(bare_app: Flask) -> None:
    flask_migrate.upgrade()
    engine = create_engine(bare_app.config["SQLALCHEMY_DATABASE_URI"], poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    require_current_schema(str(MIGRATIONS))


def test_every_text_column_has_a_charset_of_its_own(sql: Callable[..., list[Any]]) -> None:
    rows = sql("""
        SELECT table_name AS t, column_name AS c, collation_name AS collation
        FROM information_schema.columns
        WHERE table_schema = DATABASE()
          AND collation_name IS NOT NULL
          AND collation_name NOT IN ('utf8mb4_bin', 'ascii_bin')
          AND table_name NOT IN ('alembic_version', 'reward_ledger')
    """)
    assert rows == []
