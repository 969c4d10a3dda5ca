"""Requests and answers of /api/v1/combat: the results of fights (seed document 3, section 2)."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, field_validator, model_validator
from pydantic.config import JsonDict

from app.rules.combat_rules import Document, FinishedFight
from app.schemas import SnakeAnswer, SnakeRequest, UtcTime
from app.schemas.character import SLOT
from app.schemas.free_json import FreeJson
from app.schemas.item import Quantity, TemplateId
from app.schemas.page import HistoryQuery

MAX_ID = 2**63 - 1
MAX_TURNS = 20_000
MAX_PARTICIPANTS = 200


def _within_bigint(key: str) -> str:
    if int(key) > MAX_ID:
        raise ValueError("a character id required")
    return key


SessionId = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$", examples=["uuid-555-666"])]
CharacterKey = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,18}$"), AfterValidator(_within_bigint)]
WornKey = Annotated[str, Field(pattern=r"^item:[A-Za-z0-9_.:-]{1,64}$")]
Team = Annotated[str, Field(min_length=1, max_length=32)]
FinishReason = Literal["victory", "defeat", "flee", "draw"]
Amount = Annotated[int, Field(ge=0, le=MAX_ID)]
Points = Annotated[int, Field(ge=0, le=2**31 - 1)]
Replay = Annotated[list[FreeJson], Field(max_length=MAX_TURNS)]


EXAMPLE: JsonDict = {
    "session_id": "uuid-555-666",
    "meta": {"end_timestamp": 1735460000, "winner_team": "blue", "finish_reason": "victory"},
    "participants": {
        "101": {
            "is_winner": True,
            "state_snapshot": {"hp": 450, "energy": 20},
            "changes": {
                "xp_gained": 1250,
                "gold_gained": 100,
                "items_consumed": [{"inventory_id": 55, "item_template_id": "hp_pot_small", "qty": 2}],
                "durability_loss": {"item:sword_epic": 5},
            },
            "ui_report": {"damage_dealt": 5000, "loot_obtained": [{"name": "Шкура волка", "qty": 1}]},
        }
    },
    "replay_log": [],
}


FINISH_EXAMPLE: JsonDict = {
    "winner_team": "blue",
    "finish_reason": "victory",
    "participants": {
        "101": {
            "is_winner": True,
            "state_snapshot": {"hp": 450, "energy": 20},
            "changes": {
                "xp_gained": 1250,
                "gold_gained": 100,
                "durability_loss": {"item:sword_epic": 5},
                "loot": [{"item_template_id": "wolf_pelt", "qty": 1}],
            },
            "ui_report": {"damage_dealt": 5000},
        }
    },
}


class StartingFighter(SnakeRequest):
    """Who is sent into a fight, and on which side."""

    character_id: Annotated[int, Field(ge=1, le=MAX_ID)]
    team: Team


class StartSession(SnakeRequest):
    """`POST /api/v1/combat/sessions`; without `session_id` Laurel makes one."""

    session_id: SessionId | None = None
    participants: Annotated[list[StartingFighter], Field(min_length=1, max_length=MAX_PARTICIPANTS)]

    @field_validator("participants")
    @classmethod
    def _sends_nobody_twice(cls, participants: list[StartingFighter]) -> list[StartingFighter]:
        if len({fighter.character_id for fighter in participants}) < len(participants):
            raise ValueError("every character once required")
        return participants


class Act(SnakeRequest):
    """`POST /api/v1/combat/{session_id}/actions`; a repeat with the same `action_id` changes nothing."""

    action_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,128}$", examples=["press-1"])]
    version: Points
    character_id: Annotated[int, Field(ge=1, le=MAX_ID)]
    type: Literal["use_item"]
    slot: Annotated[str, Field(pattern=SLOT, examples=["belt_1"])]


class Meta(SnakeRequest):
    """How a fight ended; `end_timestamp` is kept and never judged."""

    end_timestamp: Annotated[int, Field(ge=-MAX_ID, le=MAX_ID)]
    winner_team: Team | None
    finish_reason: FinishReason


class Snapshot(SnakeRequest):
    """How a fight left a character."""

    hp: Points
    energy: Points


class ConsumedItem(SnakeRequest):
    """What was used up out of one stack of the belt."""

    inventory_id: Annotated[int, Field(ge=1, le=MAX_ID)]
    item_template_id: TemplateId
    qty: Quantity


class LootEntry(BaseModel):
    """An entry of `ui_report.loot_obtained`; what else it says is for the client."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    item_template_id: TemplateId | None = None
    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    qty: Quantity

    @model_validator(mode="after")
    def _says_what_it_is(self) -> "LootEntry":
        if self.item_template_id is None and self.name is None:
            raise ValueError("item_template_id or name required")
        return self


class LootReport(BaseModel):
    """What of a free `ui_report` is granted."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    loot_obtained: Annotated[list[LootEntry], Field(default_factory=list)]


def reported_loot(report: Any) -> list[dict[str, Any]]:
    """What a free report says was won."""
    if not isinstance(report, dict):
        return []
    return [entry.model_dump() for entry in LootReport.model_validate(report, strict=True).loot_obtained]


def _with_loot_in_its_shape(report: Any) -> Any:
    reported_loot(report)
    return report


class ExternalChanges(SnakeRequest):
    """What a fight changes, as an external engine tells it."""

    xp_gained: Amount
    gold_gained: Amount
    items_consumed: Annotated[list[ConsumedItem], Field(default_factory=list)]
    durability_loss: Annotated[dict[WornKey, Points], Field(default_factory=dict)]


class WonItem(SnakeRequest):
    """What was won."""

    item_template_id: TemplateId
    qty: Quantity


class Changes(SnakeRequest):
    """What a fight changes; what was used up is in its container."""

    xp_gained: Amount
    gold_gained: Amount
    durability_loss: Annotated[dict[WornKey, Points], Field(default_factory=dict)]
    loot: Annotated[list[WonItem], Field(default_factory=list)]


class Participant(SnakeRequest):
    """What a fight did to one character."""

    is_winner: bool
    state_snapshot: Snapshot
    changes: Changes
    ui_report: FreeJson


class FinishSession(SnakeRequest):
    """`POST /api/v1/combat/{session_id}/finish`."""

    model_config = ConfigDict(json_schema_extra={"examples": [FINISH_EXAMPLE]})
    unique_keys: ClassVar[bool] = True

    winner_team: Team | None
    finish_reason: FinishReason
    participants: Annotated[dict[CharacterKey, Participant], Field(min_length=1, max_length=MAX_PARTICIPANTS)]
    replay_log: Annotated[Replay, Field(default_factory=list)]

    def as_report(self) -> Document:
        """The same with the loot as settlements read it."""
        report = self.model_dump()
        for participant in report["participants"].values():
            loot = participant["changes"]["loot"]
            participant["changes"]["loot"] = [{**won, "name": None} for won in loot]
        return report


class ExternalParticipant(SnakeRequest):
    """What a fight did to one character, as an external engine tells it."""

    is_winner: bool
    state_snapshot: Snapshot
    changes: ExternalChanges
    ui_report: Annotated[FreeJson, AfterValidator(_with_loot_in_its_shape)]


class SettleCombat(SnakeRequest):
    """`POST /api/v1/combat/settlements`: the seed document's CombatResultPayload."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})
    unique_keys: ClassVar[bool] = True

    session_id: SessionId
    meta: Meta
    participants: Annotated[dict[CharacterKey, ExternalParticipant], Field(min_length=1, max_length=MAX_PARTICIPANTS)]
    replay_log: Annotated[Replay, Field(default_factory=list)]

    def as_fight(self) -> FinishedFight:
        """The same in the words of the rules, with the reported loot where the settlement looks for it."""
        request = self.model_dump()
        participants = {
            character_id: {
                **participant,
                "changes": {
                    **participant["changes"],
                    "loot": reported_loot(participant["ui_report"]),
                },
            }
            for character_id, participant in request["participants"].items()
        }
        document = {"session_id": self.session_id, "meta": request["meta"], "participants": participants}
        return FinishedFight(self.session_id, document, request, self.replay_log)


class SettlementsQuery(HistoryQuery):
    """`GET /api/v1/admin/combat/settlements`."""

    item_fields = (
        "session_id",
        "settlement_status",
        "finished_at",
        "settled_at",
        "failure_reason",
        "rejected_at",
    )

    status: Literal["pending", "processed", "failed"] = "failed"


class ReplayQuery(SnakeRequest):
    """`GET /api/v1/combat/{session_id}/replay`; `verify=1` checks every turn."""

    verify: bool = False


class CombatsQuery(HistoryQuery):
    """`GET /api/v1/characters/{id}/combats`."""

    item_fields = (
        "session_id",
        "finished_at",
        "winner_team",
        "finish_reason",
        "is_winner",
        "xp_gained",
        "gold_gained",
        "settlement_status",
    )


class RejectSettlement(SnakeRequest):
    """`POST /api/v1/admin/combat/settlements/{session_id}/reject`."""

    reason: Annotated[str, Field(min_length=1, max_length=400)]


class FightResult(SnakeAnswer):
    """How a fight ended; `participants` by character id, as they were handed in."""

    winner_team: str | None
    finish_reason: FinishReason
    finished_at: UtcTime
    participants: dict[str, dict[str, Any]]


class AcceptedView(SnakeAnswer):
    """A finished fight that a worker will settle."""

    session_id: str
    status: Literal["finished"]
    settlement_status: Literal["pending"]
    result: FightResult


class SettlementView(SnakeAnswer):
    """A settlement as staff see it; a rejected one stays `failed` for good."""

    session_id: str
    settlement_status: Literal["pending", "processed", "failed"]
    finished_at: UtcTime
    settled_at: UtcTime | None
    failure_reason: str | None
    rejected_at: UtcTime | None


class BeltView(SnakeAnswer):
    """What is left in a slot of a belt."""

    slot: str
    inventory_id: int
    item_template_id: str
    quantity: int


class FighterView(SnakeAnswer):
    """A character in a fight that goes on."""

    character_id: int
    team: str
    hp: int
    energy: int
    belt: list[BeltView]


class SessionView(SnakeAnswer):
    """A fight that goes on; `version` is raised by every action."""

    session_id: str
    status: Literal["active"]
    version: int
    participants: list[FighterView]


class ButtonsView(SnakeAnswer):
    """What a bot does with the message that the button was under."""

    remove_keyboard: bool
    button: Literal["show_result"]


class ResultView(SnakeAnswer):
    """What became of a fight; while it goes on there is its container instead of `result`, `message` and `ui`."""

    session_id: str
    status: Literal["active", "finished"]
    settlement_status: Literal["pending", "processed", "failed"] | None
    result: FightResult | None
    message: Annotated[str | None, Field(examples=["Бой уже завершен!\nПобедитель: Синие\nНаграда: 100 золота"])]
    ui: ButtonsView | None
    version: int = 1
    participants: Annotated[list[FighterView], Field(default_factory=list)]


class ActionView(RootModel[SessionView | ResultView]):
    """The fight after the action; or, for the button of a finished fight, its result."""


class ReplayView(SnakeAnswer):
    """The turns of a fight as they were handed in; the last two fields only with `?verify=1`, turns count from 1."""

    session_id: str
    turns: list[Any]
    verified: bool = True
    first_bad_turn: int | None = None


class CombatView(SnakeAnswer):
    """A fight of a character."""

    session_id: str
    finished_at: UtcTime
    winner_team: str | None
    finish_reason: FinishReason
    is_winner: bool
    xp_gained: int
    gold_gained: int
    settlement_status: Literal["pending", "processed", "failed"]
