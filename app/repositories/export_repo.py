"""Everything stored about a user, table by table, for his export.

A table that names users stands in SECTIONS, in SECTIONS_OF_CHARACTERS or, with the reason, in NOT_EXPORTED; a test
compares them with the schema. Each statement reads a page in the order of `position`; the next page begins behind it.
"""

from dataclasses import dataclass
from typing import Any, LiteralString

from app.transaction import Transaction

Row = dict[str, Any]  # column -> value, and `position`

FIRST_DAY = "0001-01-01"


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the export; `sql` takes :owner_id, :position, :limit."""

    table: str
    sql: LiteralString
    first_position: int | str = 0


# :owner_id is the user.
SECTIONS = (
    Section(
        "player_progress",
        """
        SELECT user_id AS position, xp, level, soft_currency, updated_at
        FROM player_progress
        WHERE user_id = :owner_id AND user_id > :position
        LIMIT :limit
        """,
    ),
    Section(
        "matches",
        """
        SELECT id AS position, id, status, mode, started_at, finished_at, is_win, score, duration_seconds,
               wave_reached, xp_granted, soft_currency_granted, board_code, season
        FROM matches
        WHERE user_id = :owner_id AND id > :position
        ORDER BY id
        LIMIT :limit
        """,
    ),
    Section(
        "match_voids",
        """
        SELECT match_id AS position, match_id, reason, xp, soft_currency, voided_at
        FROM match_voids
        WHERE user_id = :owner_id AND match_id > :position
        ORDER BY match_id
        LIMIT :limit
        """,
    ),
    Section(
        "season_rewards",
        """
        SELECT CONCAT(board_code, LPAD(season, 10, '0')) AS position, board_code, season, place, score, xp,
               soft_currency, granted_at
        FROM season_rewards
        WHERE user_id = :owner_id
        HAVING position > :position
        ORDER BY position
        LIMIT :limit
        """,
        first_position="",
    ),
    Section(
        "game_events",
        """
        SELECT id AS position, id, event_type, payload_json, points, created_at
        FROM game_events
        WHERE user_id = :owner_id AND id > :position
        ORDER BY id
        LIMIT :limit
        """,
    ),
    Section(
        "user_event_counters",
        """
        SELECT event_type AS position, event_type, events, points
        FROM user_event_counters
        WHERE user_id = :owner_id AND event_type > :position
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
        WHERE user_id = :owner_id AND metric > :position
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
        WHERE user_id = :owner_id AND id > :position
        ORDER BY id
        LIMIT :limit
        """,
    ),
    Section(
        "notifications",
        """
        SELECT id AS position, id, kind, title, payload_json, created_at, read_at
        FROM notifications
        WHERE user_id = :owner_id AND id > :position
        ORDER BY id
        LIMIT :limit
        """,
    ),
    Section(
        "statistics_daily",
        """
        SELECT day AS position, day, sessions_count, events_count, playtime_seconds, wins, losses, score_sum
        FROM statistics_daily
        WHERE user_id = :owner_id AND day > :position
        ORDER BY day
        LIMIT :limit
        """,
        first_position=FIRST_DAY,
    ),
    Section(
        "leaderboard_scores",
        """
        SELECT CONCAT(s.board_code, LPAD(s.season, 10, '0')) AS position, s.board_code, s.season, s.score,
               s.achieved_at
        FROM leaderboard_seasons seasons
        JOIN leaderboard_scores s
          ON s.board_code = seasons.board_code AND s.season = seasons.season AND s.user_id = :owner_id
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
        WHERE user_id = :owner_id AND id > :position
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
        WHERE user_id = :owner_id AND user_id > :position
        LIMIT :limit
        """,
    ),
    Section(
        "daily_checkins",
        """
        SELECT day AS position, day, checked_in_at, time_zone, consecutive_days, bridged_days, zone_days, freezes,
               xp_granted, soft_currency_granted
        FROM daily_checkins
        WHERE user_id = :owner_id AND day > :position
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
        WHERE user_id = :owner_id AND id > :position
        ORDER BY id
        LIMIT :limit
        """,
    ),
    Section(
        "user_devices",
        """
        SELECT HEX(device_hash) AS position, created_at
        FROM user_devices
        WHERE user_id = :owner_id AND device_hash > UNHEX(:position)
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
        WHERE user_id = :owner_id AND id > UNHEX(:position)
        ORDER BY id
        LIMIT :limit
        """,
        first_position="",
    ),
)

# These belong to a character; :owner_id is one of the user's.
SECTIONS_OF_CHARACTERS = (
    Section(
        "inventory",
        """
        SELECT id AS position, id, character_id, item_template_id, quantity, slot, durability, created_at
        FROM inventory
        WHERE character_id = :owner_id AND id > :position
        ORDER BY id
        LIMIT :limit
        """,
    ),
    Section(
        "item_ledger",
        """
        SELECT id AS position, character_id, item_template_id, quantity, source, source_id, created_at
        FROM item_ledger
        WHERE character_id = :owner_id AND id > :position
        ORDER BY id
        LIMIT :limit
        """,
    ),
    Section(
        "combat_participants",
        """
        SELECT p.combat_id AS position, p.character_id, h.session_id, h.finished_at, p.settlement_status, p.is_winner,
               p.xp_gained, p.gold_gained
        FROM combat_participants p
        JOIN combat_history h ON h.id = p.combat_id
        WHERE p.character_id = :owner_id AND p.combat_id > :position
        ORDER BY p.combat_id
        LIMIT :limit
        """,
    ),
)

NOT_EXPORTED = {
    "user_passwords": "a secret; it says nothing about the user",
    "token_revocations": "which tokens are void, of no use to anybody else",
    "idempotency_keys": "answers that were given, kept for a week for their repeats",
    "user_stats": "sums of events and achievements that are exported",
    "reward_ledger": "a view of tables that are exported",
    "combat_ledger": "a view of tables that are exported",
    "users": "stands at the head of the export",
    "login_failures": "hashes and addresses, kept for a quarter of an hour",
    "audit_log": "what staff did, and why; evidence against them, not theirs",
    "jobs": "who of the staff enqueued a job",
}


def list_page(tx: Transaction, section: Section, *, owner_id: int, position: int | str, limit: int) -> list[Row]:
    """Up to `limit` rows of the section behind `position`."""
    rows = tx.execute(section.sql, {"owner_id": owner_id, "position": position, "limit": limit})
    return [dict(row) for row in rows.mappings()]
