"""Jobs that are enqueued.

What a job works on, who asked for it and how often its present page was begun; `leased_until` is also when a job that
failed may be tried again. unique_key is cleared when a job ends, so that it can be enqueued again; a recurring job
never ends.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0053"


def upgrade() -> None:
    columns = sa.inspect(op.get_bind()).get_columns("jobs")
    if not any(column["name"] == "params_json" for column in columns):  # one statement, so all of it or nothing
        _add_columns()
    op.execute("UPDATE jobs SET recurring = 1 WHERE unique_key = kind")


def _add_columns() -> None:
    op.execute("""
        ALTER TABLE jobs
            ADD COLUMN recurring BOOLEAN NOT NULL DEFAULT 0 AFTER unique_key,
            ADD COLUMN params_json JSON NULL AFTER status,
            ADD COLUMN created_by BIGINT NULL AFTER params_json,
            ADD COLUMN attempts INT NOT NULL DEFAULT 0 AFTER error,
            MODIFY COLUMN unique_key VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
            ADD KEY ix_jobs_status (status),
            ADD KEY ix_jobs_due (recurring, status, leased_until),
            ADD KEY ix_jobs_kind (kind, status)
    """)


def downgrade() -> None:
    op.execute("DELETE FROM jobs WHERE CHAR_LENGTH(unique_key) > 64")
    op.execute("""
        ALTER TABLE jobs
            DROP KEY ix_jobs_due,
            DROP KEY ix_jobs_status,
            DROP KEY ix_jobs_kind,
            DROP COLUMN recurring,
            DROP COLUMN params_json,
            DROP COLUMN created_by,
            DROP COLUMN attempts,
            MODIFY COLUMN unique_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL
    """)
