"""The boards' sorted sets: right after every answer, mended after every loss, never read half-built."""

import itertools
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import redis as redis_py
from flask import Flask

from app import create_app
from app.clients import leaderboard_set, redis_client
from app.clients.redis_client import RedisAway
from app.embedded.redis import PrivateRedis
from app.extensions import db
from app.rules.leaderboard_rules import BestScore
from app.rules.leaderboard_set_rules import Place, set_member
from app.services import leaderboard_service, leaderboard_set_service
from app.services.leaderboard_set_service import mend_sets
from app.services.verify_service import find_drift
from config import Config
from tests.conftest import APPS, CheckedClient
from tests.support.boards import (
    Sql,
    deliver,
    listed,
    open_season,
    read,
    recounted,
    set_status,
    settle,
    settle_without_token,
)
from tests.support.players import Player, at_once, new_player
from tests.support.processes import free_port

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="session")
def private_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateRedis]:
    server = PrivateRedis(tmp_path_factory.mktemp("redis"), password=secrets.token_urlsafe(24))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def board_app(app: Flask, config: Config, private_redis: PrivateRedis) -> Iterator[Flask]:
    """The application on the same database, with a Redis."""
    with_redis = create_app(config.model_copy(update={"REDIS_URL": private_redis.url}))
    with_redis.test_client_class = CheckedClient
    APPS.append(with_redis)
    yield with_redis
    with with_redis.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def server(private_redis: PrivateRedis, monkeypatch: pytest.MonkeyPatch) -> "redis_py.Redis":
    """Redis as an operator sees it; calls may take longer than in production, on a busy machine."""
    monkeypatch.setattr(redis_client, "QUICK_TIMEOUT_SECONDS", 2.0)
    redis_client.quick.cache_clear()
    redis_client.patient.cache_clear()
    return redis_py.Redis.from_url(private_redis.url)


@pytest.fixture
def season(board_app: Flask, admin: Player, server: "redis_py.Redis") -> int:
    """A season of the test's own, with its set."""
    number: int = open_season(board_app, admin).get_json()["data"]["season"]
    mend(board_app)
    return number


def mend(app: Flask) -> int:
    with app.app_context():
        return mend_sets()


def keys(season: int) -> list[str]:
    return leaderboard_set._keys("td_score", season)


def set_of(server: "redis_py.Redis", season: int) -> list[int]:
    """The user ids of the set, in the order of the ranks."""
    members: Any = server.zrevrange(keys(season)[1], 0, -1)
    return [2**63 - 1 - int.from_bytes(member[-8:], "big") for member in members]


def no_counting(*_args: object) -> Any:
    raise AssertionError("the index was counted although there is a set")


@pytest.fixture
def only_from_the_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaderboard_service, "_count_rank", no_counting)
    monkeypatch.setattr(leaderboard_service, "_count", no_counting)


@pytest.mark.usefixtures("only_from_the_set")
def test_a_rank_read_after_the_answer_includes_the_score(board_app: Flask, season: int) -> None:
    players = [new_player(board_app) for _ in range(4)]
    for number, player in enumerate(players):
        settle(board_app, player, score=number)
        own = read(board_app, player, "/me")
        assert (own["rank"], own["total"], own["percentile"]) == (1, number + 1, 100)
    assert read(board_app, players[0], "/me")["rank"] == 4
    assert read(board_app, players[0])["total"] == 4
    around = read(board_app, players[1], "/around-me?limit=3")
    assert [item["rank"] for item in around["items"]] == [2, 3, 4]


@pytest.mark.usefixtures("only_from_the_set")
def test_two_hundred_finishes_at_once_and_every_rank_equals_a_recount(
    board_app: Flask, season: int, sql: Sql, server: "redis_py.Redis"
) -> None:
    players = [new_player(board_app) for _ in range(50)]
    calls = [partial(settle, board_app, player, score=(n * 7) % 11) for n in range(4) for player in players]
    at_once(board_app, calls)
    places = recounted(sql, season)
    assert len(places) == 50
    by_id = {player.id: player for player in players}
    for rank, user_id, score in places:
        own = read(board_app, by_id[user_id], "/me")
        assert (own["rank"], own["score"], own["total"]) == (rank, score, 50)
    assert set_of(server, season) == [user_id for _, user_id, _ in places]


def test_a_repeat_of_a_finish_tells_the_board_again(
    board_app: Flask, season: int, server: "redis_py.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    player = new_player(board_app)
    with monkeypatch.context() as patch:
        patch.setattr(leaderboard_set, "publish", lambda *_args: False)  # the answer was lost, and the update with it
        match_id = settle(board_app, player)
    assert set_of(server, season) == []
    answer = board_app.test_client().post(
        "/match/finish",
        json={
            "matchId": match_id,
            "result": {"isWin": True, "score": 12450, "durationSeconds": 410, "waveReached": 12},
        },
        headers=player.headers,
    )
    assert answer.headers["Idempotency-Replayed"] == "true"
    assert set_of(server, season) == [player.id]


@pytest.mark.usefixtures("only_from_the_set")
def test_a_lost_update_is_repaired_from_the_outbox(
    board_app: Flask, season: int, sql: Sql, server: "redis_py.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    players = [new_player(board_app) for _ in range(3)]
    settle(board_app, players[0], score=10)
    with monkeypatch.context() as patch:
        patch.setattr(leaderboard_set, "publish", lambda *_args: False)
        settle(board_app, players[1], score=30)
        settle(board_app, players[0], score=20)
        settle(board_app, players[2], score=5)
    deliver(board_app, sql)
    assert set_of(server, season) == [players[1].id, players[0].id, players[2].id]
    assert [read(board_app, player, "/me")["rank"] for player in players] == [2, 1, 3]


def test_ones_own_lost_update_is_counted_in_the_index_meanwhile(
    board_app: Flask, season: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    players = [new_player(board_app) for _ in range(2)]
    settle(board_app, players[0], score=10)
    settle(board_app, players[1], score=5)
    with monkeypatch.context() as patch:
        patch.setattr(leaderboard_set, "publish", lambda *_args: False)
        settle(board_app, players[1], score=30)
    assert read(board_app, players[1], "/me")["rank"] == 1


def test_after_flushall_ranks_come_from_the_index_until_the_set_is_built_again(
    board_app: Flask, season: int, sql: Sql, server: "redis_py.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaderboard_set_service, "PAGE_PLAYERS", 3)
    players = [new_player(board_app) for _ in range(10)]
    for number, player in enumerate(players):
        settle(board_app, player, score=number % 4)
    server.flushall()
    settle(board_app, players[0], score=9)
    assert server.exists(*keys(season)) == 0  # nothing is written to a set that is none
    places = recounted(sql, season)
    assert listed(read(board_app, players[0], "?limit=100")) == places
    assert read(board_app, players[0])["total"] == 10
    assert read(board_app, players[0], "/me")["rank"] == 1
    assert mend(board_app) >= 1
    assert set_of(server, season) == [user_id for _, user_id, _ in places]
    assert mend(board_app) == 0
    with monkeypatch.context() as patch:
        patch.setattr(leaderboard_service, "_count_rank", no_counting)
        assert read(board_app, players[0], "/me")["rank"] == 1


def test_a_half_built_set_is_not_read_and_gone_on_with_by_another_node(
    board_app: Flask, season: int, sql: Sql, server: "redis_py.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaderboard_set_service, "PAGE_PLAYERS", 2)
    players = [new_player(board_app) for _ in range(7)]
    for number, player in enumerate(players):
        settle(board_app, player, score=number)
    server.flushall()
    pages = itertools.count()
    add_page = leaderboard_set.add_page

    def killed(*args: Any, **kwargs: Any) -> bool:
        if args[2] == season and next(pages) == 2:
            raise RedisAway
        return add_page(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(leaderboard_set, "add_page", killed)
        assert mend(board_app) <= 1  # of the season before
    assert server.zcard(keys(season)[3]) == 4
    assert read(board_app, players[0], "/me")["rank"] == 7
    settle(board_app, players[0], score=100)  # goes to the set that is being built
    settle(board_app, players[6], score=50)
    assert mend(board_app) == 0  # the lease of the one that was killed
    server.hset(keys(season)[4], "leased_until", 0)
    position = int(server.hget(keys(season)[4], "position") or 0)
    seen: list[int] = []
    read_page = leaderboard_set_service._read_page
    monkeypatch.setattr(
        leaderboard_set_service, "_read_page", lambda of, after: seen.append(after) or read_page(of, after)
    )
    assert mend(board_app) >= 1
    assert position > 0
    assert position in seen
    assert set_of(server, season) == [user_id for _, user_id, _ in recounted(sql, season)]
    assert server.exists(*keys(season)[2:]) == 0


def test_scores_settled_while_a_set_is_built_are_in_it(
    board_app: Flask, season: int, sql: Sql, server: "redis_py.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaderboard_set_service, "PAGE_PLAYERS", 1)
    players = [new_player(board_app) for _ in range(20)]
    for player in players:
        settle(board_app, player, score=1)
    server.delete(keys(season)[0])
    calls = [partial(settle, board_app, player, score=number) for number, player in enumerate(players)]
    at_once(board_app, [*calls[:10], lambda: mend(board_app), lambda: mend(board_app), *calls[10:]])
    server.hset(keys(season)[4], "leased_until", 0) if server.exists(keys(season)[4]) else None
    mend(board_app)
    assert set_of(server, season) == [user_id for _, user_id, _ in recounted(sql, season)]


def test_what_redis_refuses_from_the_outbox_makes_the_set_be_built_anew(
    board_app: Flask, season: int, sql: Sql, server: "redis_py.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    players = [new_player(board_app) for _ in range(2)]
    settle(board_app, players[0], score=1)

    def refuse(*_args: object) -> bool:
        raise RedisAway

    with monkeypatch.context() as patch:
        patch.setattr(leaderboard_set, "publish", refuse)
        settle(board_app, players[1], score=2)
        deliver(board_app, sql)  # other effects go on
    waiting = sql("SELECT COUNT(*) FROM outbox WHERE done_at IS NULL AND event_key = :key", key=str(players[1].id))
    assert waiting[0][0] == 0
    assert set_of(server, season) == [players[0].id]
    assert read(board_app, players[0], "/me")["rank"] == 2  # not from the set that missed something
    assert mend(board_app) >= 1
    assert set_of(server, season) == [players[1].id, players[0].id]
    lost = sql("SELECT COUNT(*) FROM leaderboard_seasons WHERE set_lost_at IS NOT NULL")
    assert lost[0][0] == 0


def test_a_void_lowers_the_set_and_a_late_update_does_not_raise_it_again(
    board_app: Flask, season: int, admin: Player, sql: Sql, server: "redis_py.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    player, other = new_player(board_app), new_player(board_app)
    settle(board_app, player, score=10)
    settle(board_app, other, score=50)
    late: list[Sequence[object]] = []
    publish = leaderboard_set.publish
    with monkeypatch.context() as patch:
        patch.setattr(leaderboard_set, "publish", lambda *args: late.append(args) or False)
        match_id = settle(board_app, player, score=100)
    publish(*late[0])  # type: ignore[arg-type]
    assert set_of(server, season) == [player.id, other.id]
    path = f"/api/v1/admin/matches/{match_id}/void"
    assert board_app.test_client().post(path, json={"reason": "r"}, headers=admin.headers).status_code == 200
    assert set_of(server, season) == [other.id, player.id]
    publish(*late[0])  # type: ignore[arg-type]
    deliver(board_app, sql)
    assert set_of(server, season) == [other.id, player.id]
    assert read(board_app, player, "/me")["rank"] == 2
    settle(board_app, player, score=60)
    assert set_of(server, season) == [player.id, other.id]


def test_a_void_of_the_only_score_leaves_the_set(
    board_app: Flask, season: int, admin: Player, server: "redis_py.Redis"
) -> None:
    player = new_player(board_app)
    match_id = settle(board_app, player)
    path = f"/api/v1/admin/matches/{match_id}/void"
    assert board_app.test_client().post(path, json={"reason": "r"}, headers=admin.headers).status_code == 200
    assert set_of(server, season) == []
    settle(board_app, player, score=3)
    assert set_of(server, season) == [player.id]


@pytest.mark.usefixtures("only_from_the_set")
def test_a_ban_leaves_the_set_and_comes_back(
    board_app: Flask, season: int, admin: Player, sql: Sql, server: "redis_py.Redis"
) -> None:
    players = [new_player(board_app) for _ in range(3)]
    for number, player in enumerate(players):
        settle(board_app, player, score=100 - number)
    set_status(board_app, admin, sql, players[1], "banned")
    assert set_of(server, season) == [players[0].id, players[2].id]
    assert (read(board_app, players[2], "/me")["rank"], read(board_app, players[2])["total"]) == (2, 2)
    settle_without_token(board_app, players[1], score=500)
    deliver(board_app, sql)
    assert set_of(server, season) == [players[0].id, players[2].id]
    set_status(board_app, admin, sql, players[1], "active")
    assert set_of(server, season) == [players[1].id, players[0].id, players[2].id]


def test_the_set_of_a_season_that_is_long_over_is_dropped(
    board_app: Flask, season: int, admin: Player, server: "redis_py.Redis"
) -> None:
    player = new_player(board_app)
    settle(board_app, player)
    for _ in range(2):
        open_season(board_app, admin)
        mend(board_app)
    assert server.exists(*keys(season)) == 0
    assert server.exists(keys(season + 1)[0]) == 1
    assert read(board_app, player, f"/me?season={season}")["rank"] == 1


def places_of(*scores: tuple[int, int, int]) -> list[Place]:
    return [Place(user, 0, BestScore(score, NOW + timedelta(milliseconds=ms))) for user, score, ms in scores]


def test_scores_that_are_one_double_keep_their_order(
    board_app: Flask, season: int, server: "redis_py.Redis", private_redis: PrivateRedis
) -> None:
    top = 2**63 - 1
    places = places_of((1, top - 1, 0), (2, top, 5), (3, top, 4), (4, 2**53, 0), (5, 2**53 - 1, 9), (6, 2**53 + 1, 9))
    redis = redis_client.patient(private_redis.url)
    for order in itertools.islice(itertools.permutations(places), 0, 720, 37):
        leaderboard_set.publish(redis, "td_score", season, order)
        assert set_of(server, season) == [3, 2, 1, 6, 4, 5]
        server.delete(*keys(season))
        server.hset(keys(season)[0], "ready", 1)


def test_the_order_in_which_updates_arrive_does_not_matter(
    board_app: Flask, season: int, server: "redis_py.Redis", private_redis: PrivateRedis
) -> None:
    best = partial(BestScore, achieved_at=NOW)
    updates = [
        Place(1, 0, best(5)),
        Place(1, 0, best(9)),  # in the same millisecond
        Place(1, 0, BestScore(9, NOW + timedelta(milliseconds=1))),
        Place(1, 1, best(3)),
        Place(1, 1, best(4)),
        Place(1, 2, None),
    ]
    redis = redis_client.patient(private_redis.url)
    for order in itertools.permutations(updates):
        for update in order:
            leaderboard_set.publish(redis, "td_score", season, [update])
        assert set_of(server, season) == []
        leaderboard_set.publish(redis, "td_score", season, [Place(1, 2, best(1)), *order])
        assert server.zrange(keys(season)[1], 0, -1, withscores=True) == [(set_member(1, best(1)), 1.0)]
        server.delete(*keys(season))
        server.hset(keys(season)[0], "ready", 1)


def test_a_redis_that_is_gone_or_silent_hardly_delays_a_finish(app: Flask, config: Config, sql: Sql) -> None:
    """A listener that never answers: one short time-out, then it is left alone."""
    import socket

    with socket.create_server(("127.0.0.1", free_port())) as silent:
        port = silent.getsockname()[1]
        for url in (f"redis://127.0.0.1:{port}/0", f"redis://127.0.0.1:{free_port()}/0"):
            lonely = create_app(config.model_copy(update={"REDIS_URL": url}))
            lonely.test_client_class = CheckedClient
            player = new_player(lonely)
            settle(lonely, player)
            begun = time.monotonic()
            for _ in range(20):
                settle(lonely, player)
            assert time.monotonic() - begun < 20 * 0.05 + 3 * redis_client.QUICK_TIMEOUT_SECONDS
            assert read(lonely, player, "/me")["rank"] is not None
            with lonely.app_context():
                for engine in db.engines.values():
                    engine.dispose()


def test_threads_share_one_connection_pool(board_app: Flask, season: int, server: "redis_py.Redis") -> None:
    players = [new_player(board_app) for _ in range(8)]
    before = server.info("clients")["connected_clients"]
    at_once(board_app, [partial(settle, board_app, player) for player in players])
    at_once(board_app, [partial(read, board_app, player, "/me") for player in players])
    assert server.info("clients")["connected_clients"] - before <= 8
    assert threading.active_count() < 100


def test_verify_finds_and_repairs_what_a_set_holds_wrong(
    board_app: Flask, season: int, sql: Sql, server: "redis_py.Redis"
) -> None:
    players = [new_player(board_app) for _ in range(4)]
    for number, player in enumerate(players):
        settle(board_app, player, score=100 - number)
    members: Any = server.zrange(keys(season)[1], 0, -1)
    damages = [
        lambda: server.zincrby(keys(season)[1], 1000, members[0]),
        lambda: server.zrem(keys(season)[1], members[1]),
        lambda: server.hdel(keys(season)[0], str(players[2].id)),
        lambda: server.zadd(keys(season)[1], {b"nobody": 5.0}),
    ]
    row = f"td_score season {season}"
    for damage in damages:
        damage()
        with board_app.app_context():
            found = [drift for drift in find_drift() if drift.table == "leaderboard_set"]
            assert [drift.row for drift in found] == [row]
            mended = [drift.mended for drift in find_drift(repair=True) if drift.table == "leaderboard_set"]
            assert mended == [True]
            assert [drift for drift in find_drift() if drift.table == "leaderboard_set"] == []
        assert set_of(server, season) == [user_id for _, user_id, _ in recounted(sql, season)]
