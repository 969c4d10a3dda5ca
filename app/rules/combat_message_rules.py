"""What a player is told who presses the button of a fight that is over (seed document 3, section 4 B)."""

from collections.abc import Mapping
from typing import Literal

from app.rules.combat_rules import Combat

Language = Literal["en", "ru"]

OVER: Mapping[Language, str] = {"en": "The fight is already over!", "ru": "Бой уже завершен!"}
WINNER: Mapping[Language, str] = {"en": "Winner: {team}", "ru": "Победитель: {team}"}
NOBODY: Mapping[Language, str] = {"en": "Nobody won", "ru": "Победителя нет"}
REWARD: Mapping[Language, str] = {"en": "Reward: {gold} gold", "ru": "Награда: {gold} золота"}
TEAMS: Mapping[Language, Mapping[str, str]] = {
    "en": {"blue": "Blue", "red": "Red", "green": "Green", "yellow": "Yellow", "white": "White", "black": "Black"},
    "ru": {
        "blue": "Синие",
        "red": "Красные",
        "green": "Зелёные",
        "yellow": "Жёлтые",
        "white": "Белые",
        "black": "Чёрные",
    },
}


def over_message(combat: Combat, *, user_id: int | None, language: Language) -> str:
    """That the fight is over, who won, and what the user's characters got of it; staff (None) see the sum of all.

    A reward that could not be settled is not promised.
    """
    team = combat.document["meta"]["winner_team"]
    lines = [
        OVER[language],
        NOBODY[language] if team is None else WINNER[language].format(team=TEAMS[language].get(team, team)),
    ]
    if combat.settlement_status != "failed":
        lines.append(REWARD[language].format(gold=_gold(combat, user_id)))
    return "\n".join(lines)


def _gold(combat: Combat, user_id: int | None) -> int:
    return sum(
        participant["changes"]["gold_gained"]
        for character_id, participant in combat.document["participants"].items()
        if user_id is None or combat.owners.get(int(character_id)) == user_id
    )
