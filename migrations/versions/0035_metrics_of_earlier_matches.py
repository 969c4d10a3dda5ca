"""Metrics of the matches that were finished before metrics were kept.

A match whose event still waits in the outbox is left out: it is counted when that is handled.
"""

from alembic import op

revision = "0035"
down_revision = "0056"


def upgrade() -> None:
    op.execute("""
        INSERT INTO user_metrics (user_id, metric, total, best)
        WITH counted AS (
            SELECT m.user_id, COUNT(*) AS finished, SUM(m.is_win) AS won, MAX(m.score) AS score,
                   MAX(m.wave_reached) AS wave
            FROM matches m
            WHERE m.status = 'finished'
              AND m.id NOT IN (
                  SELECT CAST(JSON_UNQUOTE(JSON_EXTRACT(o.payload_json, '$.match_id')) AS SIGNED)
                  FROM outbox o
                  WHERE o.done_at IS NULL
                    AND o.event_type = 'match.finished'
              )
            GROUP BY m.user_id
        )
        SELECT user_id, 'MATCH_FINISH', finished, 0 FROM counted
        UNION ALL
        SELECT user_id, 'MATCH_WIN', won, 0 FROM counted
        UNION ALL
        SELECT user_id, 'BEST_SCORE', 0, score FROM counted
        UNION ALL
        SELECT user_id, 'BEST_WAVE', 0, wave FROM counted
        ON DUPLICATE KEY UPDATE total = VALUES(total), best = VALUES(best)
    """)


def downgrade() -> None:
    op.execute("DELETE FROM user_metrics WHERE metric IN ('MATCH_FINISH', 'MATCH_WIN', 'BEST_SCORE', 'BEST_WAVE')")
