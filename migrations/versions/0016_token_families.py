"""Token families and revocations.

A family is one signing in: all refresh tokens that followed from it; only the one of the present generation is good.
An access token carries the users.token_version it was made under. token_revocations is what every process polls by its
id: a family, or all access tokens of a user under a lower version. A row is kept as long as such a token can live.
"""

from alembic import op
from sqlalchemy import inspect

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS token_families (
            user_id BIGINT NOT NULL,
            id BINARY(16) NOT NULL,
            generation INT NOT NULL DEFAULT 1,
            created_at DATETIME(3) NOT NULL,
            rotated_at DATETIME(3) NOT NULL,
            expires_at DATETIME(3) NOT NULL,
            revoked_at DATETIME(3) NULL,
            PRIMARY KEY (user_id, id),
            KEY ix_token_families_expires_at (expires_at)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    op.execute("""
        CREATE TABLE IF NOT EXISTS token_revocations (
            id BIGINT NOT NULL AUTO_INCREMENT,
            user_id BIGINT NOT NULL,
            family_id BINARY(16) NULL,
            token_version INT NULL,
            revoked_at DATETIME(3) NOT NULL,
            expires_at DATETIME(3) NOT NULL,
            PRIMARY KEY (id),
            KEY ix_token_revocations_expires_at (expires_at)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    if not _has_token_version():
        op.execute("ALTER TABLE users ADD COLUMN token_version INT NOT NULL DEFAULT 0")


def downgrade() -> None:
    if _has_token_version():
        op.execute("ALTER TABLE users DROP COLUMN token_version")
    op.execute("DROP TABLE IF EXISTS token_revocations")
    op.execute("DROP TABLE IF EXISTS token_families")


def _has_token_version() -> bool:
    return any(column["name"] == "token_version" for column in inspect(op.get_bind()).get_columns("users"))
