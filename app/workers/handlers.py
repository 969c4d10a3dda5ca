"""Which service handles which event of the outbox.

A handler takes the open transaction and a run of events of its type and works on all of them at once; the outbox marks
them done in the same transaction.
"""

from app.rules.user_rules import STATUS_CHANGED
from app.services import (
    achievement_service,
    combat_result_service,
    combat_settlement_service,
    event_service,
    leaderboard_service,
)
from app.services.outbox_service import Follower, Handler

HANDLERS: dict[str, Handler] = {
    "combat.finished": combat_settlement_service.settle_finished,
    "match.finished": achievement_service.count_matches,
    "match.voided": achievement_service.take_back_matches,
    event_service.EVENT_RECORDED: event_service.count_recorded,
    STATUS_CHANGED: leaderboard_service.follow_status_changes,
}

# What is told of events after the commit, outside any transaction; once or never.
FOLLOWERS: dict[str, Follower] = {
    "combat.finished": combat_result_service.bury_settled,
}
