"""match_voids: what took back a settlement, clustered by player, `PRIMARY KEY (user_id, match_id)`.

A row is the compensating entry of the reward_ledger.
"""

from app.clock import from_column
from app.rules.match_rules import MatchVoid
from app.transaction import Statement, Transaction


def find(tx: Transaction, *, user_id: int, match_id: int) -> MatchVoid | None:
    """The void of the player's match, if there is one."""
    row = tx.execute(
        """
        SELECT match_id, user_id, reason, xp, soft_currency, xp_before, soft_currency_before, level_before, level_after,
               best_score_before, best_score_after, voided_by, voided_at
        FROM match_voids
        WHERE user_id = :user_id
          AND match_id = :match_id
        """,
        {"user_id": user_id, "match_id": match_id},
    ).one_or_none()
    if row is None:
        return None
    return MatchVoid(
        match_id=row.match_id,
        user_id=row.user_id,
        reason=row.reason,
        xp=row.xp,
        soft_currency=row.soft_currency,
        xp_before=row.xp_before,
        soft_currency_before=row.soft_currency_before,
        level_before=row.level_before,
        level_after=row.level_after,
        best_score_before=row.best_score_before,
        best_score_after=row.best_score_after,
        voided_by=row.voided_by,
        voided_at=from_column(row.voided_at),
    )


def write(void: MatchVoid, *, request_id: str) -> list[Statement]:
    """Enter the void, mark the locked match, and take its rewards from the locked progress."""
    facts = {
        "user_id": void.user_id,
        "match_id": void.match_id,
        "reason": void.reason,
        "xp": void.xp,
        "soft_currency": void.soft_currency,
        "xp_before": void.xp_before,
        "soft_currency_before": void.soft_currency_before,
        "level_before": void.level_before,
        "level_after": void.level_after,
        "best_score_before": void.best_score_before,
        "best_score_after": void.best_score_after,
        "voided_by": void.voided_by,
        "now": void.voided_at,
        "request_id": request_id,
    }
    return [
        Statement(
            """
        INSERT INTO match_voids
               (user_id, match_id, reason, xp, soft_currency, xp_before, soft_currency_before, level_before,
                level_after, best_score_before, best_score_after, voided_by, voided_at, request_id)
        VALUES (:user_id, :match_id, :reason, :xp, :soft_currency, :xp_before, :soft_currency_before, :level_before,
                :level_after, :best_score_before, :best_score_after, :voided_by, :now, :request_id)
        """,
            facts,
        ),
        Statement(
            """
        UPDATE matches m
        JOIN player_progress p ON p.user_id = m.user_id
        SET p.xp = p.xp + :xp,
            p.soft_currency = p.soft_currency + :soft_currency,
            p.level = :level_after,
            p.board_revision = p.board_revision + 1,
            p.updated_at = :now,
            m.status = 'voided'
        WHERE m.user_id = :user_id
          AND m.id = :match_id
        """,
            facts,
        ),
    ]
