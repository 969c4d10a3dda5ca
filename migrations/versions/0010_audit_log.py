"""Audit log.

What staff did, to what, and in which request.
"""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS audit_log (
            id BIGINT NOT NULL AUTO_INCREMENT,
            actor_id BIGINT NOT NULL,
            action VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            subject_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            subject_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            details_json JSON NOT NULL,
            request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            created_at DATETIME(3) NOT NULL,
            PRIMARY KEY (id),
            KEY ix_audit_log_subject (subject_type, subject_id, id),
            KEY ix_audit_log_actor (actor_id, id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS audit_log")
