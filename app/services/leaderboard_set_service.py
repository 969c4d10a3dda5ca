"""The boards' sorted sets in Redis: told of every score after its commit, mended from MySQL, which holds the truth.

A finish tells the set at once. The outbox tells it again what MySQL says, before the event is marked done, so what a
finish could not deliver arrives; what Redis does not take even then is noted in MySQL, and the set is built anew. A
set that is gone (FLUSHALL, an empty server) is built anew too. Without a whole set ranks are counted in the index.
"""

import time
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import structlog
from prometheus_client import Counter
from uuid_utils.compat import uuid7

from app.clients import leaderboard_set, redis_client
from app.clients.leaderboard_set import Found
from app.clients.redis_client import LuaRedis, RedisAway
from app.extensions import current_config
from app.repositories import leaderboard_set_repo
from app.rules.leaderboard_rules import BestScore, BoardEntry, BoardState, Season
from app.rules.leaderboard_set_rules import Place
from app.rules.match_rules import Match
from app.rules.outbox_rules import OutboxEvent
from app.transaction import Transaction, transaction

PAGE_PLAYERS = 1_000
SLICE_SECONDS = 10.0  # of one task, before others have their turn

log = structlog.stdlib.get_logger("laurel.leaderboard")

sets_built_total = Counter("laurel_leaderboard_sets_built_total", "Sorted sets of boards that were built from MySQL")
losses_total = Counter("laurel_leaderboard_losses_total", "Updates that Redis did not take from the outbox either")


def publish_score(match: Match, state: BoardState) -> None:
    """Tell the board of a settled match, after its commit; whatever Redis does, this neither fails nor waits long."""
    url = current_config().REDIS_URL
    if not url or state.hidden or match.result is None or match.receipt is None or match.finished_at is None:
        return
    place = Place(match.user_id, state.revision, BestScore(match.result.score, match.finished_at))
    try:
        leaderboard_set.publish(redis_client.quick(url), match.receipt.board_code, match.receipt.season, [place])
    except RedisAway:
        return  # the outbox tells it again


def follow_events(events: Sequence[OutboxEvent]) -> None:
    """Tell the boards what MySQL says of the events' players; called outside any transaction, before the done marks."""
    publish_players([int(event.event_key) for event in events])


def publish_players(user_ids: Collection[int]) -> None:
    """Tell the boards what MySQL says of these players. What Redis does not take makes the sets be built anew."""
    url = current_config().REDIS_URL
    if not url:
        return
    places = _read_places(user_ids)
    try:
        for (board_code, season), group in places.items():
            leaderboard_set.publish(redis_client.patient(url), board_code, season, group)
    except RedisAway:
        losses_total.inc()
        _note_loss()


def find_rank(season: Season, own: BoardEntry) -> Found | None:
    """The rank of exactly that entry and the size of the board; None if there is no whole set, or it knows better."""
    url = current_config().REDIS_URL
    if not url or season.set_lost_at is not None:
        return None
    place = Place(own.user_id, 0, BestScore(own.score, own.achieved_at))
    try:
        found = leaderboard_set.find_rank(redis_client.quick(url), season.board_code, season.season, place)
    except RedisAway:
        return None
    return None if found is None or found.rank is None else found


def count(season: Season) -> int | None:
    """How many players the board shows; None if there is no whole set."""
    url = current_config().REDIS_URL
    if not url or season.set_lost_at is not None:
        return None
    try:
        return leaderboard_set.count(redis_client.quick(url), season.board_code, season.season)
    except RedisAway:
        return None


def mend_sets() -> int:
    """Build the sets that are gone or have missed something; returns how many were finished.

    Nodes share the work by a lease in Redis; a set that is left half-built is gone on with, and read by nobody.
    """
    url = current_config().REDIS_URL
    if not url:
        return 0
    built = 0
    redis = redis_client.patient(url)
    try:
        for season in list_kept_seasons():
            if season.set_lost_at is not None or not leaderboard_set.is_ready(redis, season.board_code, season.season):
                built += _build(redis, season)
            if season.closed_at is not None:
                leaderboard_set.drop(redis, season.board_code, season.season - 1)
    except RedisAway:
        log.warning("leaderboard_sets_wait", reason="Redis is away")
    return built


@transaction("list_kept_seasons")
def list_kept_seasons(tx: Transaction) -> list[Season]:
    """The seasons that have a sorted set: of each board the open one and the one before it."""
    return leaderboard_set_repo.list_kept_seasons(tx)


def build_set(season: Season) -> bool:
    """Build the season's set anew from MySQL now, in one go; False if another node does or Redis is away."""
    try:
        return _build(redis_client.patient(current_config().REDIS_URL), season, slice_seconds=float("inf"))
    except RedisAway:
        return False


def find_set_drift() -> Iterator[tuple[Season, dict[str, int]]]:
    """The whole sets that do not hold what MySQL says: how many players stand wrong, how many too many are there.

    A set that is gone is no drift: nobody reads it, and it is being built. Reads in pages, in bounded memory.
    """
    url = current_config().REDIS_URL
    if not url:
        return
    redis = redis_client.patient(url)
    for season in list_kept_seasons():
        board = (season.board_code, season.season)
        try:
            if season.set_lost_at is not None or not leaderboard_set.is_ready(redis, *board):
                continue
            wrong = shown = position = 0
            while places := _read_page(season, position):
                position = places[-1].user_id
                shown += sum(place.best is not None for place in places)
                wrong += leaderboard_set.count_wrong(redis, *board, places)
            surplus = (leaderboard_set.count(redis, *board) or 0) - shown
        except RedisAway:
            log.warning("leaderboard_set_unverified", board=season.board_code, season=season.season)
            continue
        if wrong or surplus:
            yield season, {"wrong": wrong, "surplus": surplus}


def _build(redis: LuaRedis, season: Season, *, slice_seconds: float = SLICE_SECONDS) -> bool:
    deadline = time.monotonic() + slice_seconds
    board = (season.board_code, season.season)
    loss = season.set_lost_at.isoformat() if season.set_lost_at else ""
    building = leaderboard_set.begin_building(redis, *board, token=uuid7().hex, loss=loss)
    if building is None:
        return False
    position = building.position
    while True:
        places = _read_page(season, position)
        if not places:
            break
        position = places[-1].user_id
        goes_on = time.monotonic() < deadline
        if not leaderboard_set.add_page(redis, *board, building, position=position, places=places, goes_on=goes_on):
            return False
        if not goes_on:
            return False
    if not leaderboard_set.finish_building(redis, *board, building):
        return False
    if building.loss:
        _clear_loss(season, datetime.fromisoformat(building.loss))
    sets_built_total.inc()
    log.info("leaderboard_set_built", board=season.board_code, season=season.season)
    return True


@transaction("read_leaderboard_places")
def _read_places(tx: Transaction, user_ids: Collection[int]) -> dict[tuple[str, int], list[Place]]:
    return leaderboard_set_repo.list_places_of(tx, user_ids)


@transaction("read_leaderboard_page")
def _read_page(tx: Transaction, season: Season, after_id: int) -> list[Place]:
    return leaderboard_set_repo.list_page(tx, season, after_id=after_id, limit=PAGE_PLAYERS)


@transaction("note_leaderboard_loss")
def _note_loss(tx: Transaction) -> None:
    leaderboard_set_repo.note_loss(tx)


@transaction("clear_leaderboard_loss")
def _clear_loss(tx: Transaction, season: Season, lost_at: datetime) -> None:
    leaderboard_set_repo.clear_loss(tx, season, lost_at=lost_at)
