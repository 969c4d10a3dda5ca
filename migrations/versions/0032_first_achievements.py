"""First achievements.

Three of the game's own, and the tiers of the daily check-in's streak, which are built in: they are in no list.
"""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.execute("INSERT INTO achievement_catalog (id, version) VALUES (1, 1) ON DUPLICATE KEY UPDATE id = VALUES(id)")
    op.execute("""
        INSERT INTO achievement_types
               (id, code, name, description, metric, combine, hidden, built_in, created_at, updated_at)
        VALUES (1, 'newcomer', 'Новичок', 'Первый вход в игру', 'LOGIN', 'sum', 0, 0,
                UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)),
               (2, 'explorer', 'Исследователь', 'Найдены три секрета', 'FIND_SECRET', 'sum', 0, 0,
                UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)),
               (3, 'master', 'Мастер', 'Пройдено десять уровней', 'COMPLETE_LEVEL', 'sum', 0, 0,
                UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)),
               (4, 'daily_streak', 'Daily streak', 'Days in a row', 'DAILY_LOGIN', 'streak', 1, 1,
                UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))
        ON DUPLICATE KEY UPDATE code = VALUES(code)
    """)
    op.execute("""
        INSERT INTO achievement_levels (type_id, version, tier, threshold, xp, soft_currency, points)
        SELECT t.id, 1, l.tier, l.threshold, l.xp, l.soft_currency, l.points
        FROM (
            SELECT 'newcomer' AS code, '1' AS tier, 1 AS threshold, 0 AS xp, 0 AS soft_currency, 5 AS points
            UNION ALL SELECT 'explorer', '1', 3, 0, 0, 50
            UNION ALL SELECT 'master', '1', 10, 0, 0, 20
            UNION ALL SELECT 'daily_streak', 'bronze', 7, 100, 50, 0
            UNION ALL SELECT 'daily_streak', 'silver', 30, 500, 250, 0
            UNION ALL SELECT 'daily_streak', 'gold', 120, 2000, 1000, 0
        ) AS l
        JOIN achievement_types t ON t.code = CAST(l.code AS BINARY)
        ON DUPLICATE KEY UPDATE tier = VALUES(tier)
    """)


def downgrade() -> None:
    op.execute("DELETE FROM achievement_levels")
    op.execute("DELETE FROM achievement_types")
    op.execute("DELETE FROM achievement_catalog")
