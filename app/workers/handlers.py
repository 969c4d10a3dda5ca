"""Which service handles which event of the outbox.

A handler takes the open transaction and a run of events of its type and works on all of them at once; the outbox marks
them done in the same transaction.
"""

from collections.abc import Sequence

from app.rules.outbox_rules import OutboxEvent
from app.rules.user_rules import STATUS_CHANGED
from app.services import combat_settlement_service, event_service, leaderboard_service
from app.services.outbox_service import Handler
from app.transaction import Transaction


def _nothing_follows(_tx: Transaction, _events: Sequence[OutboxEvent]) -> None:
    """The event is announced for those to come; so far nobody has anything to do for it."""


HANDLERS: dict[str, Handler] = {
    "combat.finished": combat_settlement_service.settle_finished,
    "match.finished": _nothing_follows,
    "match.voided": _nothing_follows,
    event_service.EVENT_RECORDED: event_service.count_recorded,
    STATUS_CHANGED: leaderboard_service.follow_status_changes,
}
