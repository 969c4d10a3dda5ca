"""Boards as the tests read them: over HTTP, and recounted in SQL."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from app.rules.match_rules import MatchResult
from app.services import match_service, outbox_service
from app.workers.handlers import EFFECTS, HANDLERS
from tests.support.players import Player, finish_body, open_match

Sql = Callable[..., list[Any]]
BOARD = "/api/v1/leaderboards/td_score"


def settle(app: Flask, player: Player, **result: object) -> int:
    """A finished match of the player's; returns its id."""
    match_id = open_match(app, player)
    body = finish_body(match_id, **result)
    answer = app.test_client().post("/match/finish", json=body, headers=player.headers)
    assert answer.status_code == 200, answer.get_json()
    return match_id


def settle_without_token(app: Flask, player: Player, score: int) -> None:
    """The same for a player whose token may have been revoked by now."""
    match_id = open_match(app, player)
    with app.app_context():
        result = MatchResult(is_win=True, score=score, duration_seconds=1, wave_reached=1)
        match_service.finish_match(user_id=player.id, match_id=match_id, result=result, request_id="req_test")


def read(app: Flask, who: Player, path: str = "", status: int = 200) -> Any:
    """The `data` of a call under the board's path, or the error's code."""
    answer = app.test_client().get(f"{BOARD}{path}", headers=who.headers)
    assert answer.status_code == status, answer.get_json()
    body = answer.get_json()
    return body["data"] if status == 200 else body["error"]["code"]


def recounted(sql: Sql, season: int) -> list[tuple[int, int, int]]:
    """(rank, user id, score) of everybody whom the board of that season shows, counted in SQL."""
    rows = sql(
        """
        SELECT ROW_NUMBER() OVER (ORDER BY s.score DESC, s.achieved_at, s.user_id) AS place, s.user_id, s.score
        FROM leaderboard_scores s
        JOIN users u ON u.id = s.user_id AND u.status = 'active'
        WHERE s.board_code = 'td_score' AND s.season = :season
        ORDER BY place
        """,
        season=season,
    )
    return [(row.place, row.user_id, row.score) for row in rows]


def listed(board: Any) -> list[tuple[int, int, int]]:
    return [(item["rank"], item["user_id"], item["score"]) for item in board["items"]]


def open_season(app: Flask, admin: Player, **body: object) -> Any:
    path = "/api/v1/admin/leaderboards/td_score/seasons"
    return app.test_client().post(path, json=body, headers=admin.headers)


def deliver(app: Flask, sql: Sql) -> None:
    """Apply what the outbox holds, as relay and worker do."""
    sql("DELETE FROM outbox WHERE event_type LIKE 'test.%'")
    sql("UPDATE outbox_shards SET lease_token = NULL, leased_until = '2000-01-01'")
    with app.app_context():
        while (lease := outbox_service.lease_shards()).shards:
            for shard in lease.shards:
                outbox_service.apply_shard(shard, lease.token, HANDLERS, effects=EFFECTS)


def set_status(app: Flask, admin: Player, sql: Sql, player: Player, status: str) -> None:
    path = f"/api/v1/admin/users/{player.id}"
    answer = app.test_client().patch(path, json={"status": status}, headers=admin.headers)
    assert answer.status_code == 200
    deliver(app, sql)
