"""The admin's doors to events that failed for good."""

from typing import Any
from uuid import UUID

from flask import Response, g

from app.controllers.envelope import history_page, iso_time, success
from app.rules.outbox_rules import DeadLetter
from app.schemas.dead_letter import DeadLettersQuery
from app.services import outbox_service


def list_dead_letters(query: DeadLettersQuery) -> Response:
    """200 with the dead letters that wait, newest first."""
    letters = outbox_service.list_dead_letters(before_id=query.before_id, limit=query.limit + 1)
    return history_page(letters, query, _dead_letter)


def replay_dead_letter(dead_letter_id: int) -> Response:
    """200 with the dead letter, whose event stands in the outbox again."""
    letter = outbox_service.replay_dead_letter(dead_letter_id, actor_id=g.user.id, request_id=g.request_id)
    return success(_dead_letter(letter))


def _dead_letter(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "event_id": str(UUID(bytes=letter.event_id)),
        "event_type": letter.event_type,
        "event_key": letter.event_key,
        "payload": letter.payload,
        "created_at": iso_time(letter.created_at),
        "attempts": letter.attempts,
        "reason": letter.reason,
        "dead_at": iso_time(letter.dead_at),
        "replayed_at": iso_time(letter.replayed_at),
    }
