"""Jobs.

Work in pages: a row holds how far it came and who holds it. unique_key keeps a recurring job to one row.
"""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS jobs (
            id BIGINT NOT NULL AUTO_INCREMENT,
            kind VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            unique_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
            status ENUM('queued', 'running', 'done', 'failed', 'cancelled') NOT NULL DEFAULT 'queued',
            position BIGINT NOT NULL DEFAULT 0,
            done BIGINT NOT NULL DEFAULT 0,
            total BIGINT NULL,
            result_json JSON NULL,
            error VARCHAR(1000) NULL,
            lease_token BINARY(16) NULL,
            leased_until DATETIME(3) NOT NULL,
            created_at DATETIME(3) NOT NULL,
            updated_at DATETIME(3) NOT NULL,
            PRIMARY KEY (id),
            UNIQUE KEY uq_jobs_unique_key (unique_key)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS jobs")
