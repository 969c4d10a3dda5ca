"""Finished fights: what a result says (seed document 3, section 2), in the words of the settlement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Document = Mapping[str, Any]  # JSON


@dataclass(frozen=True, slots=True)
class FinishedFight:
    """A fight as it was handed in. `document` is `{session_id, meta, participants}` with the loot to grant in
    `changes.loot`; `request` is what must be the same when the session comes again.
    """

    session_id: str
    document: Document
    request: Document
    replay: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class Combat:
    """A finished fight. `owners` are the users of its characters, by character id."""

    session_id: str
    settlement_status: str
    finished_at: datetime
    document: Document
    owners: Mapping[int, int]

    def is_seen_by(self, user_id: int | None) -> bool:
        """Whether a character of the user took part; None is staff, who see everything."""
        return user_id is None or user_id in self.owners.values()


@dataclass(frozen=True, slots=True)
class AcceptedFight:
    """What was answered when the fight was accepted; `replayed` if an earlier request handed it in."""

    combat_id: int
    session_id: str
    document: Document
    finished_at: datetime
    replayed: bool


@dataclass(frozen=True, slots=True)
class FoughtCombat:
    """A fight in a character's history; what it gained is granted once the fight is `processed`."""

    id: int
    session_id: str
    finished_at: datetime
    winner_team: str | None
    finish_reason: str
    is_winner: bool
    xp_gained: int
    gold_gained: int
    settlement_status: str


@dataclass(frozen=True, slots=True)
class LostSession:
    """A session that characters of these users were sent into and that nobody knows how it ended."""

    user_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class ConsumedItem:
    """Used up in a fight, out of the stack `inventory_id` of the belt."""

    inventory_id: int
    item_template_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Loot:
    """Won in a fight; what has no template id is named as its template is."""

    item_template_id: str | None
    name: str | None
    quantity: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a fight did to one character. `wear` is durability lost by template id of what is equipped."""

    character_id: int
    is_winner: bool
    hp: int
    energy: int
    xp: int
    gold: int
    consumed: tuple[ConsumedItem, ...]
    wear: tuple[tuple[str, int], ...]
    loot: tuple[Loot, ...]


def outcomes_of(document: Document) -> list[Outcome]:
    """The outcomes of all participants, by character id."""
    return [
        _outcome(int(character_id), participant)
        for character_id, participant in sorted(document["participants"].items(), key=lambda entry: int(entry[0]))
    ]


def _outcome(character_id: int, participant: Document) -> Outcome:
    snapshot, changes = participant["state_snapshot"], participant["changes"]
    return Outcome(
        character_id=character_id,
        is_winner=participant["is_winner"],
        hp=snapshot["hp"],
        energy=snapshot["energy"],
        xp=changes["xp_gained"],
        gold=changes["gold_gained"],
        consumed=tuple(
            ConsumedItem(item["inventory_id"], item["item_template_id"], item["qty"])
            for item in changes["items_consumed"]
        ),
        wear=tuple(
            (key.removeprefix("item:"), points) for key, points in sorted(changes["durability_loss"].items()) if points
        ),
        loot=tuple(Loot(loot["item_template_id"], loot["name"], loot["qty"]) for loot in changes["loot"]),
    )
