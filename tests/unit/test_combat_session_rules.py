"""A session is how it began and the uses since."""

from datetime import UTC, datetime

from app.rules.combat_session_rules import (
    BeltItem,
    Fighter,
    Session,
    Use,
    consumed_by,
    finished_fight,
    left_fields,
    missing_participants,
)

HERO = Fighter(1, 10, "blue", 100, 100, (BeltItem("belt_1", 55, "potion", 3), BeltItem("belt_2", 56, "bomb", 1)))
ALLY = Fighter(2, 20, "red", 90, 80, ())
SESSION = Session("s", (HERO, ALLY), (Use(1, "belt_1"), Use(1, "belt_2"), Use(1, "belt_1")))


def test_every_use_is_a_version_and_any_version_can_be_told() -> None:
    assert SESSION.version == 4
    assert [item.quantity for item in SESSION.belt_of(HERO)] == [1, 0]
    assert [item.quantity for item in SESSION.at_version(2).belt_of(HERO)] == [2, 1]
    assert SESSION.at_version(1) == Session("s", (HERO, ALLY))
    assert left_fields(SESSION.fighters) == {"1:belt_1": 3, "1:belt_2": 1}


def test_what_was_used_up_is_told_from_the_container() -> None:
    assert consumed_by(SESSION, HERO) == [
        {"inventory_id": 55, "item_template_id": "potion", "qty": 2},
        {"inventory_id": 56, "item_template_id": "bomb", "qty": 1},
    ]
    assert consumed_by(SESSION, ALLY) == []


def test_a_fight_is_seen_by_those_in_it_and_by_staff() -> None:
    assert [SESSION.is_seen_by(user) for user in (10, 20, 30, None)] == [True, True, False, True]


def test_the_result_is_the_report_and_the_container() -> None:
    participant = {
        "is_winner": True,
        "state_snapshot": {"hp": 1, "energy": 2},
        "changes": {"xp_gained": 3, "gold_gained": 4, "durability_loss": {}, "loot": []},
        "ui_report": None,
    }
    report = {
        "winner_team": "blue",
        "finish_reason": "victory",
        "participants": {"1": participant, "7": participant},
        "replay_log": [1],
    }
    assert missing_participants(SESSION, report) == [2]
    now = datetime(2026, 11, 21, tzinfo=UTC)
    fight = finished_fight(SESSION, report, now)
    assert fight.document["meta"] == {"end_timestamp": 1795219200, "winner_team": "blue", "finish_reason": "victory"}
    assert fight.document["participants"]["1"]["changes"]["items_consumed"] == consumed_by(SESSION, HERO)
    assert fight.document["participants"]["7"]["changes"]["items_consumed"] == []
    assert fight.document["roster"] == [1, 2]
    later = finished_fight(SESSION, report, now.replace(hour=5))
    assert (later.request, later.replay) == (fight.request, [1])
