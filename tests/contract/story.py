"""The order in which the Postman collection tells what Laurel does, on data that the story makes itself.

`{{name}}` in a body is a text, `{{#name}}` a number; both are variables of the collection. `save` puts values of the
answer into variables, as JavaScript over its `data`.
"""

from dataclasses import dataclass, field
from typing import Any

PLAYER, ADMIN, ENGINE, NOBODY = "{{player_token}}", "{{admin_token}}", "{{engine_token}}", None

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Step:
    """One request. Without `body` it is the document's example; `expect` are the statuses that are right."""

    operation: str
    name: str
    as_: str | None = PLAYER
    body: Any = None
    path: dict[str, str] = field(default_factory=dict)
    query: str = ""
    expect: tuple[int, ...] = (200,)
    save: dict[str, str] = field(default_factory=dict)
    replayed: bool = False


RESULT = {"isWin": True, "score": 12450, "durationSeconds": 20, "waveReached": 12}
MATCH = {"matchId": "{{#match_id}}", "result": RESULT}
TOKENS = {"player_token": "data.access_token", "refresh_token": "data.refresh_token"}
FIGHTER = {
    "is_winner": True,
    "state_snapshot": {"hp": 90, "energy": 80},
    "changes": {"xp_gained": 50, "gold_gained": 10},
    "ui_report": {"damage_dealt": 120},
}
FINISH = {"winner_team": "blue", "finish_reason": "victory", "participants": {"{{character_id}}": FIGHTER}}
SETTLEMENT = {
    "session_id": "ext-{{run}}",
    "meta": {"end_timestamp": 1735460000, "winner_team": "blue", "finish_reason": "victory"},
    "participants": {"{{character_id}}": FIGHTER},
}
LEVEL = {"tier": 1, "threshold": 1000000, "xp": 10, "soft_currency": 5, "points": 1}
ACHIEVEMENT = {
    "code": "boss_{{run}}",
    "name": "Boss hunter",
    "metric": "COMPLETE_LEVEL",
    "combine": "sum",
    "levels": [LEVEL],
}

STORY = {
    "Accounts": [
        Step("health_get_readiness", "Is it ready?", NOBODY),
        Step(
            "user_register",
            "Register",
            NOBODY,
            {"username": "ada{{run}}", "email": "ada{{run}}@example.com", "password": PASSWORD},
            expect=(201,),
            save={"user_id": "data.id"},
        ),
        Step("auth_log_in", "Log in", NOBODY, {"username": "ada{{run}}", "password": PASSWORD}, save=TOKENS),
        Step("auth_log_in", "A wrong password", NOBODY, {"username": "ada{{run}}", "password": "wrong"}, expect=(401,)),
        Step("auth_refresh", "Exchange the refresh token", "{{refresh_token}}", save=TOKENS),
        Step("user_get_own_user", "Who am I?"),
        Step("user_change_profile", "Change the name", body={"display_name": "Ada", "time_zone": "Europe/Moscow"}),
        Step("user_get_user", "The account by its id", path={"user_id": "{{user_id}}"}),
        Step(
            "auth_log_in_device",
            "Play without an account",
            NOBODY,
            {"device_id": "device-{{run}}"},
            save={"device_token": "data.access_token"},
        ),
        Step(
            "user_link_device_account",
            "Give the device's account a name",
            "{{device_token}}",
            {"username": "eve{{run}}", "email": "eve{{run}}@example.com", "password": PASSWORD},
        ),
    ],
    "A match": [
        Step("match_start_match", "Start", body={"mode": "ranked"}, expect=(201,), save={"match_id": "data.matchId"}),
        Step("match_finish_match", "Finish", body=MATCH),
        Step("match_finish_match", "The same again: the same answer", body=MATCH, replayed=True),
        Step(
            "match_finish_match",
            "Another score: refused",
            body={**MATCH, "result": {**RESULT, "score": 1}},
            expect=(409,),
        ),
        Step("match_get_match", "The match", path={"match_id": "{{match_id}}"}),
        Step("match_explain_match", "Why it paid what it paid", path={"match_id": "{{match_id}}"}),
        Step("match_list_matches", "My matches", query="limit=5"),
        Step("progress_get_own_progress", "My progress"),
        Step("stats_list_daily", "My days"),
        Step("leaderboard_get_top", "The board", path={"board_code": "td_score"}),
        Step("leaderboard_get_standing", "My place", path={"board_code": "td_score"}),
        Step("leaderboard_get_around", "Around me", path={"board_code": "td_score"}),
        Step(
            "leaderboard_list_seasons",
            "The seasons",
            path={"board_code": "td_score"},
            save={"next_season": "data.items[0].season + 1"},
        ),
    ],
    "Events and achievements": [
        Step("game_event_record_event", "An event", body={"event_type": "find_secret", "details": {}}, expect=(201,)),
        Step("event_take_course_event", "The other door", body={"eventType": "login"}, expect=(201,)),
        Step("game_event_list_events", "My events", path={"user_id": "{{user_id}}"}),
        Step("streak_check_in", "Check in"),
        Step("streak_get_checkin", "My streak"),
        Step("achievement_list_achievements", "What can be earned"),
        Step("achievement_list_earned", "What I earned", path={"user_id": "{{user_id}}"}),
        Step("achievement_list_own_progress", "How far I am"),
        Step("stats_get_stats", "My statistics", path={"user_id": "{{user_id}}"}),
        Step("notification_list_notifications", "My inbox"),
        Step("notification_count_unread", "How many are new"),
        Step("notification_read_all", "All read"),
    ],
    "A fight": [
        Step(
            "character_create_character",
            "A character",
            body={"name": "Ada"},
            expect=(201,),
            save={"character_id": "data.id"},
        ),
        Step(
            "item_create_item_template",
            "A kind of potion",
            ADMIN,
            {"id": "potion_{{run}}", "name": "Potion {{run}}", "max_stack": 10},
            expect=(201,),
        ),
        Step(
            "item_grant_item",
            "Some of it for the character",
            ADMIN,
            {"item_template_id": "potion_{{run}}", "quantity": 3},
            {"character_id": "{{character_id}}"},
            expect=(201,),
            save={"inventory_id": "data.inventory_id"},
        ),
        Step("character_list_inventory", "What the character holds", path={"character_id": "{{character_id}}"}),
        Step(
            "character_equip_item",
            "Onto the belt",
            body={"inventory_id": "{{#inventory_id}}", "slot": "belt_1"},
            path={"character_id": "{{character_id}}"},
        ),
        Step(
            "combat_start_session",
            "Into a fight",
            body={"participants": [{"character_id": "{{#character_id}}", "team": "blue"}]},
            expect=(201,),
            save={"session_id": "data.session_id", "version": "data.version"},
        ),
        Step(
            "combat_act",
            "Drink the potion",
            body={
                "action_id": "press-1",
                "version": "{{#version}}",
                "character_id": "{{#character_id}}",
                "type": "use_item",
                "slot": "belt_1",
            },
            path={"session_id": "{{session_id}}"},
        ),
        Step("combat_finish_session", "The end", ENGINE, FINISH, {"session_id": "{{session_id}}"}, expect=(202,)),
        Step("combat_get_result", "The result", path={"session_id": "{{session_id}}"}),
        Step("combat_settlement_settle_combat", "A fight of another engine", ENGINE, SETTLEMENT, expect=(202,)),
        Step("character_get_character", "The character", path={"character_id": "{{character_id}}"}),
        Step(
            "character_unequip_item",
            "Off the belt",
            body={"inventory_id": "{{#inventory_id}}"},
            path={"character_id": "{{character_id}}"},
            expect=(200, 409),  # until the fight is settled
        ),
        Step("character_list_characters", "My characters"),
    ],
    "Administration": [
        Step("admin_user_list_users", "Find users", ADMIN, query="q=ada{{run}}"),
        Step("admin_user_change_account", "Roles", ADMIN, {"roles": ["player"]}, {"user_id": "{{user_id}}"}),
        Step("match_void_void_match", "Void the match", ADMIN, {"reason": "story"}, {"match_id": "{{match_id}}"}),
        Step("match_start_match", "Another match", body={}, expect=(201,), save={"other_match_id": "data.matchId"}),
        Step(
            "match_finish_match",
            "A result that cannot be",
            body={"matchId": "{{#other_match_id}}", "result": {**RESULT, "score": 99999999}},
            expect=(422,),
        ),
        Step("review_list_reviews", "What waits for review", ADMIN, save={"review_id": "data.items[0].id"}),
        Step("review_decide_review", "Dismiss it", ADMIN, {"decision": "dismiss"}, {"review_id": "{{review_id}}"}),
        Step(
            "event_type_create_event_type",
            "A kind of event",
            ADMIN,
            {"code": "quest_{{run}}", "metric": "COMPLETE_LEVEL", "points": 7},
            expect=(201,),
        ),
        Step("event_type_list_event_types", "All kinds", ADMIN),
        Step("event_type_get_event_type", "That one", ADMIN, path={"code": "quest_{{run}}"}),
        Step(
            "event_type_replace_event_type",
            "More points for it",
            ADMIN,
            {"code": "quest_{{run}}", "metric": "COMPLETE_LEVEL", "points": 8},
            {"code": "quest_{{run}}"},
        ),
        Step("event_type_retire_event_type", "No longer", ADMIN, path={"code": "quest_{{run}}"}),
        Step(
            "achievement_type_create_achievement_type",
            "An achievement",
            ADMIN,
            ACHIEVEMENT,
            expect=(201,),
            save={"type_id": "data.id"},
        ),
        Step("achievement_type_list_achievement_types", "All achievements", ADMIN),
        Step("achievement_type_get_achievement_type", "That one", ADMIN, path={"type_id": "{{type_id}}"}),
        Step(
            "achievement_type_replace_achievement_type",
            "Another name",
            ADMIN,
            {**ACHIEVEMENT, "name": "Boss slayer"},
            {"type_id": "{{type_id}}"},
        ),
        Step(
            "achievement_type_recompute_achievement_type",
            "What would change?",
            ADMIN,
            path={"type_id": "{{type_id}}"},
            query="dry_run=true",
            expect=(202,),
            save={"job_id": "data.id"},
        ),
        Step("job_get_job", "How far is it?", ADMIN, path={"job_id": "{{job_id}}"}),
        Step("job_list_jobs", "All jobs", ADMIN),
        Step("job_cancel_job", "Stop it", ADMIN, path={"job_id": "{{job_id}}"}, expect=(200, 409)),
        Step("job_retry_job", "Or go on", ADMIN, path={"job_id": "{{job_id}}"}, expect=(200, 409)),
        Step("achievement_type_retire_achievement_type", "No longer", ADMIN, path={"type_id": "{{type_id}}"}),
        Step(
            "admin_leaderboard_open_season",
            "The next season",
            ADMIN,
            {"season": "{{#next_season}}"},
            {"board_code": "td_score"},
            expect=(201,),
        ),
        Step("admin_settlement_list_settlements", "Fights and their settlement", ADMIN),
        Step("dead_letter_list_dead_letters", "What failed for good", ADMIN),
        Step("match_list_matches", "Without a token", NOBODY, expect=(401,)),
        Step("dead_letter_list_dead_letters", "Without the role", PLAYER, expect=(403,)),
    ],
}
FAREWELL = {
    "Farewell": [
        Step("user_export_user_data", "Everything about me"),
        Step("user_erase_user", "Erase me"),
        Step("auth_log_out", "Log out", "{{refresh_token}}", expect=(200, 401)),
    ],
}
