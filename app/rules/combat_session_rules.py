"""Fights that go on: the container of a session, and what was used up in it.

A container is what it was at the start and the uses since; each use takes one item and raises the version by one, so
any version can be told from the uses up to it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from app.rules.combat_rules import Document, FinishedFight

FIRST_VERSION = 1


@dataclass(frozen=True, slots=True)
class BeltItem:
    """A stack that can be used in the fight."""

    slot: str
    inventory_id: int
    item_template_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Fighter:
    """A character in a fight, as he came into it."""

    character_id: int
    user_id: int
    team: str
    hp: int
    energy: int
    belt: tuple[BeltItem, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """One item used out of a slot."""

    character_id: int
    slot: str


@dataclass(frozen=True, slots=True)
class Session:
    """A fight that goes on. `fighters` are as they came, `uses` is what happened since, in order."""

    session_id: str
    fighters: tuple[Fighter, ...]
    uses: tuple[Use, ...] = ()

    @property
    def version(self) -> int:
        """Raised by every use."""
        return FIRST_VERSION + len(self.uses)

    def at_version(self, version: int) -> Self:
        """The same fight as it was then."""
        return replace(self, uses=self.uses[: version - FIRST_VERSION])

    def belt_of(self, fighter: Fighter) -> list[BeltItem]:
        """What is left in a belt."""
        used = Counter(use.slot for use in self.uses if use.character_id == fighter.character_id)
        return [replace(item, quantity=item.quantity - used[item.slot]) for item in fighter.belt]

    def is_seen_by(self, user_id: int | None) -> bool:
        """Whether the user has a character in it; None is staff, who see everything."""
        return user_id is None or any(fighter.user_id == user_id for fighter in self.fighters)


def consumed_by(session: Session, fighter: Fighter) -> list[dict[str, Any]]:
    """What a fighter used up, as a result says it."""
    left = {item.slot: item.quantity for item in session.belt_of(fighter)}
    return [
        {
            "inventory_id": item.inventory_id,
            "item_template_id": item.item_template_id,
            "qty": item.quantity - left[item.slot],
        }
        for item in fighter.belt
        if item.quantity > left[item.slot]
    ]


def missing_participants(session: Session, report: Document) -> list[int]:
    """Who fought and is not in the report."""
    return [f.character_id for f in session.fighters if str(f.character_id) not in report["participants"]]


def finished_fight(session: Session, report: Document, now: datetime) -> FinishedFight:
    """The result of a session: the engine's report, and from the container what was used up.

    `report` is `{winner_team, finish_reason, participants, replay_log}`.
    """
    fighters = {str(fighter.character_id): fighter for fighter in session.fighters}
    participants = {
        character_id: {
            **participant,
            "changes": {
                **participant["changes"],
                "items_consumed": consumed_by(session, fighters[character_id]) if character_id in fighters else [],
            },
        }
        for character_id, participant in report["participants"].items()
    }
    document = {
        "session_id": session.session_id,
        "meta": {
            "end_timestamp": int(now.timestamp()),
            "winner_team": report["winner_team"],
            "finish_reason": report["finish_reason"],
        },
        "participants": participants,
        "roster": [fighter.character_id for fighter in session.fighters],
    }
    return FinishedFight(session.session_id, document, finish_request(session.session_id, report), report["replay_log"])


def finish_request(session_id: str, report: Document) -> Mapping[str, Any]:
    """What must be the same when a session is finished again."""
    return {"finish": session_id, **report}


def left_fields(fighters: Sequence[Fighter]) -> dict[str, int]:
    """How much there is in every slot of every belt, by `character:slot`."""
    return {f"{f.character_id}:{item.slot}": item.quantity for f in fighters for item in f.belt}
