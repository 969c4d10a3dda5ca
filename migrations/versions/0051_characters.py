"""Characters.

session_id is the fight that a character was last sent into; whether it still goes on is known where fights live.
state_combat_id is the fight whose hp and energy stand here, so that an older one cannot overwrite them.
"""

from alembic import op

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS characters (
            id BIGINT NOT NULL AUTO_INCREMENT,
            user_id BIGINT NOT NULL,
            name VARCHAR(50) NOT NULL,
            hp INT NOT NULL,
            max_hp INT NOT NULL,
            energy INT NOT NULL,
            xp BIGINT NOT NULL DEFAULT 0,
            gold BIGINT NOT NULL DEFAULT 0,
            last_combat_session_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
            session_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
            state_combat_id BIGINT NOT NULL DEFAULT 0,
            created_at DATETIME(3) NOT NULL,
            updated_at DATETIME(3) NOT NULL,
            PRIMARY KEY (id),
            KEY ix_characters_user_id (user_id, id),
            KEY ix_characters_session_id (session_id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS characters")
