"""Which service handles which event of the outbox.

A handler takes the open transaction and a run of events of its type and works on all of them at once; the outbox marks
them done in the same transaction.
"""

from collections.abc import Sequence

from app.rules.outbox_rules import OutboxEvent
from app.rules.user_rules import STATUS_CHANGED
from app.services import (
    achievement_service,
    achievement_type_service,
    combat_result_service,
    combat_settlement_service,
    event_service,
    leaderboard_service,
    leaderboard_set_service,
    streak_service,
)
from app.services.outbox_service import Follower, Handler, OutsideEffect
from app.transaction import Transaction


def _nothing_follows(_tx: Transaction, _events: Sequence[OutboxEvent]) -> None:
    """All there is to it is an outside effect."""


HANDLERS: dict[str, Handler] = {
    "combat.finished": combat_settlement_service.settle_finished,
    "match.finished": achievement_service.count_matches,
    "match.voided": achievement_service.take_back_matches,
    event_service.EVENT_RECORDED: event_service.count_recorded,
    STATUS_CHANGED: leaderboard_service.follow_status_changes,
    leaderboard_service.PLAYER_CHANGED: _nothing_follows,
    achievement_type_service.TYPES_CHANGED: _nothing_follows,
}

# What follows outside MySQL before the events are marked done, outside any transaction; it may run again.
EFFECTS: dict[str, OutsideEffect] = {
    "match.finished": leaderboard_set_service.follow_events,
    "match.voided": leaderboard_set_service.follow_events,
    leaderboard_service.PLAYER_CHANGED: leaderboard_set_service.follow_events,
    achievement_type_service.TYPES_CHANGED: streak_service.follow_changed_types,
}

# What is told of events after the commit, outside any transaction; once or never.
FOLLOWERS: dict[str, Follower] = {
    "combat.finished": combat_result_service.bury_settled,
}
