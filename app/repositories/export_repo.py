"""Everything stored about a user, table by table, for his export.

A table with a column `user_id` stands in SECTIONS or, with the reason, in NOT_EXPORTED; a test compares the two with
the schema. Each statement reads a page in the order of `position`, which is what the next page begins behind.
"""

from dataclasses import dataclass
from typing import Any, LiteralString

from app.transaction import Transaction

Row = dict[str, Any]  # column -> value, and `position`

FIRST_DAY = "0001-01-01"


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the export; `sql` takes :user_id, :position, :limit."""

    table: str
    sql: LiteralString
    first_position: int | str = 0


SECTIONS = (
    Section(
        "player_progress",
        """
        SELECT user_id AS position, xp, level, soft_currency, updated_at
        FROM player_progress
        WHERE user_id = :user_id AND user_id > :position
        LIMIT :limit
        """,
    ),
    Section(
        "matches",
        """
        SELECT id AS position, id, status, mode, started_at, finished_at, is_win, score, duration_seconds,
               wave_reached, xp_granted, soft_currency_granted, board_code, season
        FROM matches
        WHERE user_id = :user_id AND id > :position
        ORDER BY id
        LIMIT :limit
        """,
    ),
    Section(
        "match_voids",
        """
        SELECT match_id AS position, match_id, reason, xp, soft_currency, voided_at
        FROM match_voids
        WHERE user_id = :user_id AND match_id > :position
        ORDER BY match_id
        LIMIT :limit
        """,
    ),
    Section(
        "game_events",
        """
        SELECT id AS position, id, event_type, payload_json, points, created_at
        FROM game_events
        WHERE user_id = :user_id AND id > :position
        ORDER BY id
        LIMIT :limit
        """,
    ),
    Section(
        "user_event_counters",
        """
        SELECT event_type AS position, event_type, events, points
        FROM user_event_counters
        WHERE user_id = :user_id AND event_type > :position
        ORDER BY event_type
        LIMIT :limit
        """,
        first_position="",
    ),
    Section(
        "user_metrics",
        """
        SELECT metric AS position, metric, total, best
        FROM user_metrics
        WHERE user_id = :user_id AND metric > :position
        ORDER BY metric
        LIMIT :limit
        """,
        first_position="",
    ),
    Section(
        "user_achievement_rewards",
        """
        SELECT id AS position, group_code, tier, threshold, xp, soft_currency, points, earned_at
        FROM user_achievement_rewards
        WHERE user_id = :user_id AND id > :position
        ORDER BY id
        LIMIT :limit
        """,
    ),
    Section(
        "notifications",
        """
        SELECT id AS position, id, kind, title, payload_json, created_at, read_at
        FROM notifications
        WHERE user_id = :user_id AND id > :position
        ORDER BY id
        LIMIT :limit
        """,
    ),
    Section(
        "statistics_daily",
        """
        SELECT day AS position, day, sessions_count, events_count, playtime_seconds, wins, losses, score_sum
        FROM statistics_daily
        WHERE user_id = :user_id AND day > :position
        ORDER BY day
        LIMIT :limit
        """,
        first_position=FIRST_DAY,
    ),
    Section(
        "leaderboard_scores",
        """
        WITH RECURSIVE seasons (board_code, season) AS (
            SELECT board_code, season FROM leaderboards
            UNION ALL
            SELECT board_code, season - 1 FROM seasons WHERE season > 1
        )
        SELECT CONCAT(s.board_code, LPAD(s.season, 10, '0')) AS position, s.board_code, s.season, s.score,
               s.achieved_at
        FROM seasons
        JOIN leaderboard_scores s
          ON s.board_code = seasons.board_code AND s.season = seasons.season AND s.user_id = :user_id
        HAVING position > :position
        ORDER BY position
        LIMIT :limit
        """,
        first_position="",
    ),
    Section(
        "match_reviews",
        """
        SELECT id AS position, id, match_id, status, is_win, score, duration_seconds, wave_reached, implausible_json,
               attempts, created_at, decided_at
        FROM match_reviews
        WHERE user_id = :user_id AND id > :position
        ORDER BY id
        LIMIT :limit
        """,
    ),
    Section(
        "user_streaks",
        """
        SELECT user_id AS position, consecutive_days, longest_streak, last_day, last_checkin_at, time_zone,
               latest_zone, freezes
        FROM user_streaks
        WHERE user_id = :user_id AND user_id > :position
        LIMIT :limit
        """,
    ),
    Section(
        "daily_checkins",
        """
        SELECT day AS position, day, checked_in_at, time_zone, consecutive_days, bridged_days, zone_days, freezes,
               xp_granted, soft_currency_granted
        FROM daily_checkins
        WHERE user_id = :user_id AND day > :position
        ORDER BY day
        LIMIT :limit
        """,
        first_position=FIRST_DAY,
    ),
    Section(
        "characters",
        """
        SELECT id AS position, id, name, hp, max_hp, energy, xp, gold, last_combat_session_id, created_at
        FROM characters
        WHERE user_id = :user_id AND id > :position
        ORDER BY id
        LIMIT :limit
        """,
    ),
    Section(
        "inventory",
        """
        SELECT i.id AS position, i.id, i.character_id, i.item_template_id, i.quantity, i.slot, i.durability,
               i.created_at
        FROM characters c
        JOIN inventory i ON i.character_id = c.id
        WHERE c.user_id = :user_id AND i.id > :position
        ORDER BY i.id
        LIMIT :limit
        """,
    ),
    Section(
        "item_ledger",
        """
        SELECT l.id AS position, l.character_id, l.item_template_id, l.quantity, l.source, l.source_id, l.created_at
        FROM characters c
        JOIN item_ledger l ON l.character_id = c.id
        WHERE c.user_id = :user_id AND l.id > :position
        ORDER BY l.id
        LIMIT :limit
        """,
    ),
    Section(
        "combat_participants",
        """
        SELECT CONCAT(LPAD(p.character_id, 19, '0'), LPAD(p.combat_id, 19, '0')) AS position, p.character_id,
               h.session_id, h.finished_at, p.settlement_status, p.is_winner, p.xp_gained, p.gold_gained
        FROM characters c
        JOIN combat_participants p ON p.character_id = c.id
        JOIN combat_history h ON h.id = p.combat_id
        WHERE c.user_id = :user_id
        HAVING position > :position
        ORDER BY position
        LIMIT :limit
        """,
        first_position="",
    ),
    Section(
        "user_devices",
        """
        SELECT HEX(device_hash) AS position, created_at
        FROM user_devices
        WHERE user_id = :user_id AND device_hash > UNHEX(:position)
        ORDER BY device_hash
        LIMIT :limit
        """,
        first_position="",
    ),
    Section(
        "token_families",
        """
        SELECT HEX(id) AS position, created_at, rotated_at, expires_at, revoked_at
        FROM token_families
        WHERE user_id = :user_id AND id > UNHEX(:position)
        ORDER BY id
        LIMIT :limit
        """,
        first_position="",
    ),
)

NOT_EXPORTED = {
    "user_passwords": "a secret; it says nothing about the user",
    "token_revocations": "which tokens are void, of no use to anybody else",
    "idempotency_keys": "answers that were given, kept for a week for their repeats",
    "user_stats": "sums of events and achievements that are exported",
    "reward_ledger": "a view of tables that are exported",
}


def list_page(tx: Transaction, section: Section, *, user_id: int, position: int | str, limit: int) -> list[Row]:
    """Up to `limit` rows of the section behind `position`."""
    rows = tx.execute(section.sql, {"user_id": user_id, "position": position, "limit": limit})
    return [dict(row) for row in rows.mappings()]
