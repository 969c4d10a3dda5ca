"""Derived rows of one user written anew from their sources, while his progress row is locked: nothing is settled."""

from app.transaction import Transaction


def sum_ledger(tx: Transaction, user_id: int) -> tuple[int, int]:
    """What the ledger grants the user in all: xp, soft currency."""
    row = tx.execute(
        """
        SELECT COALESCE(SUM(xp), 0) AS xp, COALESCE(SUM(soft_currency), 0) AS soft_currency
        FROM reward_ledger
        WHERE user_id = :user_id
        """,
        {"user_id": user_id},
    ).one()
    return int(row.xp), int(row.soft_currency)


def set_progress(tx: Transaction, user_id: int, *, xp: int, soft_currency: int, level: int) -> None:
    """Write the locked progress; the sorted sets will take the user's scores anew."""
    tx.execute(
        """
        UPDATE player_progress
        SET xp = :xp,
            soft_currency = :soft_currency,
            level = :level,
            board_revision = board_revision + 1,
            updated_at = :now
        WHERE user_id = :user_id
        """,
        {"user_id": user_id, "xp": xp, "soft_currency": soft_currency, "level": level, "now": tx.now},
    )


def rebuild_statistics(tx: Transaction, user_id: int) -> None:
    """What matches count in statistics_daily; sessions stay."""
    tx.execute(
        """
        UPDATE statistics_daily
        SET events_count = 0, playtime_seconds = 0, wins = 0, losses = 0, score_sum = 0
        WHERE user_id = :user_id
        """,
        {"user_id": user_id},
    )
    tx.execute(
        """
        INSERT INTO statistics_daily
               (user_id, day, sessions_count, events_count, playtime_seconds, wins, losses, score_sum)
        SELECT user_id, DATE(finished_at), 0, COUNT(*), SUM(duration_seconds), SUM(is_win), SUM(1 - is_win),
               SUM(CAST(score AS DECIMAL(30)))
        FROM matches
        WHERE user_id = :user_id
          AND status = 'finished'
        GROUP BY user_id, DATE(finished_at)
        ON DUPLICATE KEY UPDATE
               events_count = VALUES(events_count),
               playtime_seconds = VALUES(playtime_seconds),
               wins = VALUES(wins),
               losses = VALUES(losses),
               score_sum = VALUES(score_sum)
        """,
        {"user_id": user_id},
    )


def rebuild_scores(tx: Transaction, user_id: int) -> None:
    """The best scores of every board and season, hidden as the progress row says."""
    tx.execute(
        """
        DELETE s
        FROM leaderboard_seasons l
        STRAIGHT_JOIN leaderboard_scores s
           ON s.board_code = l.board_code AND s.season = l.season AND s.user_id = :user_id
        """,
        {"user_id": user_id},
    )
    tx.execute(
        """
        INSERT INTO leaderboard_scores (board_code, season, user_id, score, achieved_at, updated_at, hidden)
        SELECT best.board_code, best.season, best.user_id, best.score, best.finished_at, :now, p.board_hidden
        FROM (
            SELECT user_id, board_code, season, score, finished_at,
                   ROW_NUMBER() OVER (PARTITION BY board_code, season ORDER BY score DESC, finished_at) AS nth
            FROM matches
            WHERE user_id = :user_id
              AND status = 'finished'
        ) AS best
        JOIN player_progress p ON p.user_id = best.user_id
        WHERE best.nth = 1
        """,
        {"user_id": user_id, "now": tx.now},
    )


def rebuild_characters(tx: Transaction, user_id: int) -> None:
    """xp and gold of the user's locked characters from combat_ledger."""
    tx.execute(
        """
        UPDATE characters c
        LEFT JOIN (
            SELECT l.character_id, SUM(l.xp) AS xp, SUM(l.gold) AS gold
            FROM characters own
            JOIN combat_ledger l ON l.character_id = own.id
            WHERE own.user_id = :user_id
            GROUP BY l.character_id
        ) AS granted ON granted.character_id = c.id
        SET c.xp = COALESCE(granted.xp, 0),
            c.gold = COALESCE(granted.gold, 0),
            c.updated_at = :now
        WHERE c.user_id = :user_id
        """,
        {"user_id": user_id, "now": tx.now},
    )
