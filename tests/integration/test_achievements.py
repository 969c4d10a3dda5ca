"""Achievements, statistics and the inbox: what follows from events and matches, and what is shown of it."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.embedded.redis import PrivateRedis
from app.rules.achievement_rules import Increment, UnlockedLevel
from app.services import achievement_service
from app.services.verify_service import find_drift
from app.transaction import Transaction, transaction
from tests.support.players import Player, at_once, finish_body, new_player, open_match
from tests.support.relay import deliver

Sql = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("app_context")

FIRST_THREE = {
    "newcomer": ("Новичок", "LOGIN", 1, 5),
    "explorer": ("Исследователь", "FIND_SECRET", 3, 50),
    "master": ("Мастер", "COMPLETE_LEVEL", 10, 20),
}


@transaction("raise_for_test")
def raise_metrics(tx: Transaction, *increments: Increment) -> list[UnlockedLevel]:
    return achievement_service.increment_progress(tx, increments=increments)


def tell(client: FlaskClient, player: Player, *event_types: str) -> None:
    for event_type in event_types:
        body = {"event_type": event_type}
        assert client.post("/api/v1/event/", json=body, headers=player.headers).status_code == 201


def get(client: FlaskClient, player: Player, path: str) -> Any:
    answer = client.get(path, headers=player.headers)
    assert answer.status_code == 200
    return answer.get_json()["data"]


def metrics_of(sql: Sql, player: Player) -> dict[str, tuple[int, int]]:
    rows = sql("SELECT metric, total, best FROM user_metrics WHERE user_id = :id", id=player.id)
    return {row.metric: (row.total, row.best) for row in rows}


def progress_of(sql: Sql, player: Player) -> tuple[int, int, int]:
    (row,) = sql("SELECT xp, soft_currency, level FROM player_progress WHERE user_id = :id", id=player.id)
    return (row.xp, row.soft_currency, row.level)


def drift_of(player: Player) -> list[Any]:
    return [drift for drift in find_drift() if drift.user_id == player.id]


def test_the_first_definitions(client: FlaskClient, player: Player) -> None:
    page = get(client, player, "/api/v1/achievements/")
    assert page["total"] == 3
    found = {
        item["code"]: (item["name"], item["metric"], item["levels"][0]["threshold"], item["points"])
        for item in page["items"]
    }
    assert found == FIRST_THREE
    assert all(len(item["levels"]) == 1 and item["levels"][0]["tier"] == 1 for item in page["items"])
    english = client.get("/api/v1/achievements/", headers={**player.headers, "Accept-Language": "en"})
    assert english.get_json()["data"] == page


def test_one_login_is_five_points_and_the_first_achievement(client: FlaskClient, player: Player) -> None:
    tell(client, player, "login")
    deliver()
    stats = get(client, player, f"/api/v1/stats/{player.id}")
    assert (stats["user_id"], stats["score"], stats["achievements_count"]) == (player.id, 10, 1)
    assert stats["events"] == {"login": {"count": 1, "points": 5}}
    assert [(item["name"], item["points"]) for item in stats["achievements"]] == [("Новичок", 5)]
    assert [item["event_type"] for item in stats["last_events"]] == ["login"]
    earned = get(client, player, f"/api/v1/achievements/users/{player.id}")["items"]
    assert earned == stats["achievements"]


def test_levels_that_are_skipped_are_paid_too_and_once(client: FlaskClient, player: Player, sql: Sql) -> None:
    unlocked = raise_metrics(Increment(player.id, "DAILY_LOGIN", delta=1, value=31))
    assert [(level.group, level.tier, level.threshold) for level in unlocked] == [
        ("daily_streak", "bronze", 7),
        ("daily_streak", "silver", 30),
    ]
    assert progress_of(sql, player) == (600, 300, 3)
    assert raise_metrics(Increment(player.id, "DAILY_LOGIN", delta=1, value=1)) == []
    assert metrics_of(sql, player) == {"DAILY_LOGIN": (2, 31)}
    assert progress_of(sql, player) == (600, 300, 3)
    ledger = sql("SELECT source, xp, soft_currency FROM reward_ledger WHERE user_id = :id ORDER BY xp", id=player.id)
    assert [tuple(row) for row in ledger] == [("achievement", 100, 50), ("achievement", 500, 250)]


def test_many_players_at_once_and_one_without_progress(app: Flask, sql: Sql) -> None:
    players = [new_player(app) for _ in range(5)]
    sql("DELETE FROM player_progress WHERE user_id = :id", id=players[0].id)
    unlocked = raise_metrics(*(Increment(player.id, "LOGIN", delta=1) for player in reversed(players)))
    assert [level.user_id for level in unlocked] == [player.id for player in players[1:]]
    assert metrics_of(sql, players[0]) == {}


def test_the_same_level_reached_from_twenty_sides_is_paid_once(app: Flask, player: Player, sql: Sql) -> None:
    increments = [Increment(player.id, "DAILY_LOGIN", value=7)]
    unlocked = at_once(app, [lambda: raise_metrics(*increments)] * 20)
    assert sorted(map(len, unlocked)) == [0] * 19 + [1]
    assert progress_of(sql, player) == (100, 50, 2)
    assert sql("SELECT COUNT(*) FROM notifications WHERE user_id = :id", id=player.id)[0][0] == 1


def test_a_level_that_cannot_be_paid_is_not_given(player: Player, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("app.repositories.progress_repo.add_to_many", fail)
    with pytest.raises(Exception, match="Transaction failed"):
        raise_metrics(Increment(player.id, "DAILY_LOGIN", value=7))
    assert metrics_of(sql, player) == {}
    assert sql("SELECT COUNT(*) FROM user_achievement_rewards WHERE user_id = :id", id=player.id)[0][0] == 0


def test_matches_raise_their_metrics_and_voids_lower_them(
    app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql
) -> None:
    results = [(True, 300, 5), (False, 900, 20), (True, 500, 9)]
    matches = []
    for is_win, score, wave in results:
        matches.append(open_match(app, player))
        body = finish_body(matches[-1], isWin=is_win, score=score, waveReached=wave)
        assert client.post("/match/finish", json=body, headers=player.headers).status_code == 200
    deliver()
    assert metrics_of(sql, player) == {
        "MATCH_FINISH": (3, 0),
        "MATCH_WIN": (2, 0),
        "BEST_SCORE": (0, 900),
        "BEST_WAVE": (0, 20),
    }
    void(client, admin, matches[1])
    deliver()
    assert metrics_of(sql, player) == {
        "MATCH_FINISH": (2, 0),
        "MATCH_WIN": (2, 0),
        "BEST_SCORE": (0, 500),
        "BEST_WAVE": (0, 9),
    }
    assert drift_of(player) == []
    for match_id in (matches[0], matches[2]):
        void(client, admin, match_id)
    deliver()
    assert metrics_of(sql, player) == {
        "MATCH_FINISH": (0, 0),
        "MATCH_WIN": (0, 0),
        "BEST_SCORE": (0, 0),
        "BEST_WAVE": (0, 0),
    }
    assert drift_of(player) == []


def void(client: FlaskClient, admin: Player, match_id: int) -> None:
    answer = client.post(f"/api/v1/admin/matches/{match_id}/void", json={"reason": "cheat"}, headers=admin.headers)
    assert answer.status_code in {200, 201}


def test_a_match_voided_before_it_was_counted(
    app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql
) -> None:
    match_id = open_match(app, player)
    client.post("/match/finish", json=finish_body(match_id), headers=player.headers)
    void(client, admin, match_id)
    deliver()
    assert all(value == (0, 0) for value in metrics_of(sql, player).values())
    assert drift_of(player) == []


@pytest.fixture
def redis(app: Flask, tmp_path: Path) -> Iterator[PrivateRedis]:
    server = PrivateRedis(tmp_path, password=secrets.token_urlsafe(24))
    server.start()
    config = app.extensions["laurel"]
    app.extensions["laurel"] = config.model_copy(update={"REDIS_URL": server.url})
    yield server
    app.extensions["laurel"] = config
    server.stop()


def test_statistics_are_never_older_than_what_is_processed(
    client: FlaskClient, player: Player, redis: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/api/v1/stats/{player.id}"
    for logins in range(1, 6):
        tell(client, player, "login")
        deliver()
        for _ in range(2):
            assert get(client, player, path)["score"] == 5 * logins + 5
    with monkeypatch.context() as patch:  # the second time it comes from Redis
        patch.setattr("app.services.user_stats_service._load", None)
        assert get(client, player, path)["score"] == 30
    redis.stop()
    tell(client, player, "find_secret")
    deliver()
    assert get(client, player, path)["score"] == 80


def test_a_slow_reader_cannot_put_old_statistics_into_the_cache(
    client: FlaskClient, player: Player, redis: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.clients import answer_cache

    path = f"/api/v1/stats/{player.id}"
    keep = answer_cache.keep

    def keep_late(*arguments: Any) -> None:
        monkeypatch.setattr(answer_cache, "keep", keep)
        tell(client, player, "login")
        deliver()
        assert get(client, player, path)["score"] == 10
        keep(*arguments)

    monkeypatch.setattr(answer_cache, "keep", keep_late)
    assert get(client, player, path)["score"] == 0
    assert get(client, player, path)["score"] == 10


def test_others_see_nothing_of_it(app: Flask, client: FlaskClient, player: Player) -> None:
    for collection in ("/api/v1/stats", "/api/v1/achievements/users"):
        path = f"{collection}/{player.id}"
        assert client.get(path, headers=new_player(app).headers).status_code == 403
        for role in ("support", "system", "admin"):
            staff = new_player(app, [role])
            assert client.get(path, headers=staff.headers).status_code == 200
            missing = client.get(f"{collection}/{2**62}", headers=staff.headers)
            assert (missing.status_code, missing.get_json()["error"]["code"]) == (404, "USER_NOT_FOUND")


def test_own_progress_per_type_with_an_etag(app: Flask, client: FlaskClient, player: Player) -> None:
    path = "/api/v1/users/me/achievements"
    first = client.get(path, headers=player.headers)
    items = {item["code"]: item for item in first.get_json()["data"]["items"]}
    assert set(items) == set(FIRST_THREE)
    assert items["master"] == {
        "code": "master",
        "name": "Мастер",
        "description": items["master"]["description"],
        "metric": "COMPLETE_LEVEL",
        "value": 0,
        "levels": [{"tier": 1, "threshold": 10, "points": 20, "earned_at": None}],
        "next_threshold": 10,
    }
    etag = first.headers["ETag"]
    again = client.get(path, headers={**player.headers, "If-None-Match": etag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
    other = client.get(path, headers={**new_player(app).headers, "If-None-Match": etag})
    assert other.status_code == 200
    tell(client, player, "login")
    deliver()
    changed = client.get(path, headers={**player.headers, "If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag
    newcomer = next(item for item in changed.get_json()["data"]["items"] if item["code"] == "newcomer")
    assert (newcomer["value"], newcomer["next_threshold"]) == (1, None)
    assert newcomer["levels"][0]["earned_at"] is not None


def test_a_hidden_type_appears_once_earned(client: FlaskClient, player: Player) -> None:
    raise_metrics(Increment(player.id, "DAILY_LOGIN", value=7))
    items = {item["code"]: item for item in get(client, player, "/api/v1/users/me/achievements")["items"]}
    streak = items["daily_streak"]
    assert (streak["value"], streak["next_threshold"]) == (7, 30)
    assert [level["tier"] for level in streak["levels"]] == ["bronze", "silver", "gold"]
    assert [level["earned_at"] is not None for level in streak["levels"]] == [True, False, False]


def test_the_inbox(app: Flask, client: FlaskClient, player: Player) -> None:
    tell(client, player, "login", *["find_secret"] * 3)
    deliver()
    page = get(client, player, "/api/v1/notifications?limit=1")
    (newest,) = page["items"]
    rest = get(client, player, f"/api/v1/notifications?cursor={page['next_cursor']}")["items"]
    assert {newest["title"], rest[0]["title"]} == {"Новичок", "Исследователь"}
    assert (newest["kind"], newest["read_at"]) == ("achievement", None)
    assert newest["payload"]["code"] in FIRST_THREE
    assert get(client, player, "/api/v1/notifications/unread-count") == {"unread": 2}

    url = f"/api/v1/notifications/{newest['id']}/read"
    read = client.post(url, headers=player.headers).get_json()["data"]
    assert read["read_at"] is not None
    assert client.post(url, headers=player.headers).get_json()["data"] == read
    stranger = client.post(url, headers=new_player(app).headers)
    assert (stranger.status_code, stranger.get_json()["error"]["code"]) == (404, "NOTIFICATION_NOT_FOUND")
    unread = get(client, player, "/api/v1/notifications?unread=true")["items"]
    assert [item["id"] for item in unread] == [rest[0]["id"]]

    assert client.post("/api/v1/notifications/read-all", headers=player.headers).get_json()["data"] == {"read": 1}
    assert get(client, player, "/api/v1/notifications/unread-count") == {"unread": 0}
    assert get(client, player, "/api/v1/notifications?unread=true")["items"] == []
    assert len(get(client, player, "/api/v1/notifications")["items"]) == 2
    assert client.get("/api/v1/notifications?unread=yes", headers=player.headers).status_code == 400


@pytest.mark.parametrize(
    ("damage", "table"),
    [
        ("UPDATE user_event_counters SET events = events + 1 WHERE user_id = :id", "user_event_counters"),
        ("UPDATE user_event_counters SET points = points - 1 WHERE user_id = :id", "user_event_counters"),
        ("DELETE FROM game_events WHERE user_id = :id", "user_event_counters"),
        ("UPDATE user_metrics SET total = total + 1 WHERE user_id = :id AND metric = 'LOGIN'", "user_metrics"),
        ("UPDATE user_metrics SET best = 7 WHERE user_id = :id AND metric = 'BEST_SCORE'", "user_metrics"),
        ("UPDATE user_stats SET event_points = 0 WHERE user_id = :id", "user_stats"),
        ("UPDATE user_stats SET achievements_count = 0 WHERE user_id = :id", "user_stats"),
        ("DELETE FROM notifications WHERE user_id = :id", "notifications"),
        ("UPDATE user_achievement_rewards SET xp = 3 WHERE user_id = :id", "player_progress"),
    ],
)
def test_verify_finds_damage_once_all_is_processed(
    app: Flask, client: FlaskClient, player: Player, sql: Sql, damage: str, table: str
) -> None:
    tell(client, player, "login", "login")
    client.post("/match/finish", json=finish_body(open_match(app, player)), headers=player.headers)
    assert drift_of(player) == []  # nothing is counted yet, and that is no drift
    deliver()
    assert drift_of(player) == []
    sql(damage, id=player.id)
    assert table in {drift.table for drift in drift_of(player)}
    for name in ("user_event_counters", "game_events", "user_metrics", "user_stats", "notifications", "matches"):
        sql(f"DELETE FROM {name} WHERE user_id = :id", id=player.id)
    for name in ("user_achievement_rewards", "player_progress"):
        sql(f"DELETE FROM {name} WHERE user_id = :id", id=player.id)


def test_settlements_events_and_check_ins_of_the_same_players_at_once(app: Flask, sql: Sql) -> None:
    players = [new_player(app) for _ in range(6)]
    matches = {player.id: [open_match(app, player) for _ in range(8)] for player in players}

    def play(player: Player) -> None:
        client = app.test_client()
        for match_id in matches[player.id]:
            tell(client, player, "find_secret")
            settled = client.post("/match/finish", json=finish_body(match_id), headers=player.headers)
            assert settled.status_code == 200
            assert client.post("/api/v1/checkin", headers=player.headers).status_code == 200

    def count() -> None:
        for _ in range(6):
            deliver()

    at_once(app, [*(lambda player=player: play(player) for player in players), count, count])
    deliver()
    for player in players:
        metrics = metrics_of(sql, player)
        assert (metrics["MATCH_FINISH"], metrics["FIND_SECRET"], metrics["DAILY_LOGIN"]) == ((8, 0), (8, 0), (1, 1))
        assert drift_of(player) == []
