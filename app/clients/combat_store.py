"""Fights in Redis. A session lives in one hash and changes only by the scripts below, each of them atomic.

cs:<session id>                    hash, the session:
    status                         starting, active, finishing (its result is on the way to MySQL), finished
    token                          of whoever is starting it
    fighters                       JSON: the container as it was at the start
    version, use:<version>         `character:slot` of the use that made that version
    left:<character>:<slot>        what is left there
    owner:<character>              whose character it is
    action:<action id>             the version it made
    finish                         hash of the finish that closed it
    result                         JSON of the finished fight
ac:<character id>                  hash: last_combat_session_id, hp, energy
combat:result_cache:<session id>   the tombstone: JSON of the finished fight, or that there is none
combat:result_lock:<session id>    who is asking MySQL for it

Redis may lose any of it: a session that is gone is lost, everything else is in MySQL.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import redis

from app.clients import redis_client
from app.errors import ServiceUnavailable
from app.extensions import current_config
from app.rules.combat_session_rules import BeltItem, Fighter, Session, Use, left_fields

STARTING_SECONDS = 20
FINISHED_SECONDS = 300
STATE_SECONDS = 24 * 3600
LOCK_MILLISECONDS = 3_000

RESERVE = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'status', 'starting', 'token', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""

OPEN = """
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('DEL', KEYS[2])
return 1
"""

RELEASE = """
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""

# action id, version, character, slot, user ('' is staff), seconds to live
USE_ITEM = """
local status = redis.call('HGET', KEYS[1], 'status')
if not status or status == 'starting' then return {'MISSING'} end
if status ~= 'active' then return {'OVER'} end
local owner = redis.call('HGET', KEYS[1], 'owner:' .. ARGV[3])
if not owner or (ARGV[5] ~= '' and owner ~= ARGV[5]) then return {'FOREIGN'} end
local use = ARGV[3] .. ':' .. ARGV[4]
local made = redis.call('HGET', KEYS[1], 'action:' .. ARGV[1])
if made then
    if redis.call('HGET', KEYS[1], 'use:' .. made) ~= use then return {'REUSED'} end
    return {'REPLAYED', made, redis.call('HGETALL', KEYS[1])}
end
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[2] then
    return {'STALE', '0', redis.call('HGETALL', KEYS[1])}
end
if tonumber(redis.call('HGET', KEYS[1], 'left:' .. use) or '0') < 1 then
    return {'SPENT', '0', redis.call('HGETALL', KEYS[1])}
end
redis.call('HINCRBY', KEYS[1], 'left:' .. use, -1)
local version = tostring(redis.call('HINCRBY', KEYS[1], 'version', 1))
redis.call('HSET', KEYS[1], 'use:' .. version, use, 'action:' .. ARGV[1], version)
redis.call('EXPIRE', KEYS[1], ARGV[6])
return {'APPLIED', version, redis.call('HGETALL', KEYS[1])}
"""

CLOSE = """
local status = redis.call('HGET', KEYS[1], 'status')
if not status or status == 'starting' then return {'MISSING'} end
if status == 'active' then
    redis.call('HSET', KEYS[1], 'status', 'finishing', 'finish', ARGV[1])
elseif redis.call('HGET', KEYS[1], 'finish') ~= ARGV[1] then
    return {'OTHER'}
end
return {'CLOSED', '0', redis.call('HGETALL', KEYS[1])}
"""

# The tombstone of a settled fight is better than news that it waits.
FINISH = """
if redis.call('EXISTS', KEYS[1]) == 1 then
    redis.call('HSET', KEYS[1], 'status', 'finished', 'result', ARGV[1])
    redis.call('EXPIRE', KEYS[1], ARGV[2])
end
local known = redis.call('GET', KEYS[2])
if not known or string.sub(known, 1, 1) ~= '{' then redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[3]) end
return 1
"""


@dataclass(frozen=True, slots=True)
class Hot:
    """A session as it is in Redis; `result` is the JSON of a finished one."""

    status: str
    session: Session | None
    finish: str | None
    result: str | None


@dataclass(frozen=True, slots=True)
class Pressed:
    """What came of an action: MISSING, OVER, FOREIGN, REUSED, or with the session REPLAYED, STALE, SPENT, APPLIED.

    `version` is the one that the action made.
    """

    outcome: str
    version: int = 0
    session: Session | None = None


def reserve(session_id: str, token: str) -> bool:
    """Take a session's name for STARTING_SECONDS; False if it is taken."""
    with _server() as server:
        return bool(_run(server, RESERVE, [_cs(session_id)], token, STARTING_SECONDS))


def release(session_id: str, token: str) -> None:
    """Give the name back."""
    with _server() as server:
        _run(server, RELEASE, [_cs(session_id)], token)


def open_session(session: Session, token: str, *, seconds: int) -> bool:
    """Let the reserved session begin; False if the reservation is gone."""
    fields: dict[str, object] = {
        "status": "active",
        "version": session.version,
        "fighters": json.dumps([asdict(fighter) for fighter in session.fighters]),
        **{f"owner:{fighter.character_id}": fighter.user_id for fighter in session.fighters},
        **{f"left:{where}": quantity for where, quantity in left_fields(session.fighters).items()},
    }
    flat = [part for field in fields.items() for part in field]
    keys = [_cs(session.session_id), _tombstone(session.session_id)]
    with _server() as server:
        return bool(_run(server, OPEN, keys, token, seconds, *flat))


def find(session_id: str) -> Hot | None:
    """The session as it stands, if Redis has it."""
    with _server() as server:
        fields: Any = server.hgetall(_cs(session_id))
    return _hot(session_id, fields)


def find_with_tombstone(session_id: str) -> tuple[Hot | None, str | None]:
    """The session and its tombstone, in one packet."""
    with _server() as server:
        pipe = server.pipeline(transaction=False)
        pipe.hgetall(_cs(session_id))
        pipe.get(_tombstone(session_id))
        fields, tombstone = pipe.execute()
    return _hot(session_id, fields), _text(tombstone)


def going_on(session_ids: Collection[str]) -> set[str]:
    """Which of the sessions are not over."""
    if not session_ids:
        return set()
    with _server() as server:
        pipe = server.pipeline(transaction=False)
        for session_id in session_ids:
            pipe.hget(_cs(session_id), "status")
        statuses = pipe.execute()
    return {
        session_id
        for session_id, status in zip(session_ids, statuses, strict=True)
        if status is not None and status != b"finished"
    }


def use_item(
    session_id: str, *, action_id: str, version: int, character_id: int, slot: str, user_id: int | None, seconds: int
) -> Pressed:
    """Use one item out of a slot if `version` is the present one; the same action again changes nothing."""
    user = "" if user_id is None else user_id
    with _server() as server:
        keys = [_cs(session_id)]
        answer = _run(server, USE_ITEM, keys, action_id, version, character_id, slot, user, seconds)
    outcome = str(_text(answer[0]))
    if len(answer) == 1:
        return Pressed(outcome)
    hot = _hot(session_id, _pairs(answer[2]))
    return Pressed(outcome, int(answer[1]), hot.session if hot else None)


def close(session_id: str, finish: str) -> tuple[str, Hot | None]:
    """Let nothing more happen in a session: CLOSED with it, OTHER if it was closed otherwise, or MISSING."""
    with _server() as server:
        answer = _run(server, CLOSE, [_cs(session_id)], finish)
    outcome = str(_text(answer[0]))
    return outcome, _hot(session_id, _pairs(answer[2])) if outcome == "CLOSED" else None


def finish(session_id: str, result: str, *, pending_seconds: int) -> None:
    """Note the result that MySQL has accepted; the session lives on for FINISHED_SECONDS."""
    with _server() as server:
        keys = [_cs(session_id), _tombstone(session_id)]
        _run(server, FINISH, keys, result, FINISHED_SECONDS, pending_seconds)


def write_states(states: Iterable[tuple[int, Mapping[str, str | int]]]) -> None:
    """Note in which fight characters were last, and what of hp and energy it left."""
    with _server() as server:
        pipe = server.pipeline(transaction=False)
        for character_id, state in states:
            pipe.hset(f"ac:{character_id}", mapping=dict(state))
            pipe.expire(f"ac:{character_id}", STATE_SECONDS)
        pipe.execute()


def bury(results: Mapping[str, str], *, seconds: int) -> None:
    """Put up the tombstones of settled fights and forget their sessions."""
    with _server() as server:
        pipe = server.pipeline(transaction=False)
        for session_id, result in results.items():
            pipe.set(_tombstone(session_id), result, ex=seconds)
            pipe.delete(_cs(session_id))
        pipe.execute()


def remember(session_id: str, result: str, *, seconds: int, replace: bool) -> None:
    """Keep what MySQL said of a session; without `replace` only if nothing is known."""
    with _server() as server:
        server.set(_tombstone(session_id), result, ex=seconds, nx=not replace)


def find_tombstone(session_id: str) -> str | None:
    """What is known of a session that is over."""
    with _server() as server:
        tombstone: Any = server.get(_tombstone(session_id))
    return _text(tombstone)


def forget(session_id: str) -> None:
    """Ask MySQL the next time."""
    with _server() as server:
        server.delete(_tombstone(session_id))


def may_ask(session_id: str, token: str) -> bool:
    """Whether the caller is the one who asks MySQL for this session; nobody else is for LOCK_MILLISECONDS."""
    with _server() as server:
        return bool(server.set(_lock(session_id), token, px=LOCK_MILLISECONDS, nx=True))


def has_asked(session_id: str, token: str) -> None:
    """The caller is done."""
    release_lock = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
    with _server() as server:
        _run(server, release_lock, [_lock(session_id)], token)


@contextmanager
def _server() -> Iterator["redis.Redis"]:
    """The server of the configuration. Raises ServiceUnavailable if there is none, or it does not answer."""
    url = current_config().REDIS_URL
    if not url:
        raise ServiceUnavailable(reason="Fights need Redis, which is not configured")
    try:
        yield redis_client.connect(url)
    except (redis.ConnectionError, redis.TimeoutError) as exc:
        raise ServiceUnavailable(reason="Fights are not available at the moment") from exc


def _run(server: "redis.Redis", script: str, keys: list[str], *arguments: object) -> Any:
    run: Callable[..., Any] = server.register_script(script)
    return run(keys=keys, args=list(arguments))


def _hot(session_id: str, fields: Mapping[bytes, bytes]) -> Hot | None:
    if b"status" not in fields:
        return None
    status = fields[b"status"].decode()
    session = None
    if b"fighters" in fields:
        version = int(fields[b"version"])
        uses = (fields[b"use:%d" % number].decode().split(":") for number in range(2, version + 1))
        session = Session(
            session_id,
            tuple(_fighter(fighter) for fighter in json.loads(fields[b"fighters"])),
            tuple(Use(int(character_id), slot) for character_id, slot in uses),
        )
    return Hot(status, session, _text(fields.get(b"finish")), _text(fields.get(b"result")))


def _fighter(fields: dict[str, Any]) -> Fighter:
    return Fighter(**{**fields, "belt": tuple(BeltItem(**item) for item in fields["belt"])})


def _pairs(flat: list[bytes]) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def _cs(session_id: str) -> str:
    return f"cs:{session_id}"


def _tombstone(session_id: str) -> str:
    return f"combat:result_cache:{session_id}"


def _lock(session_id: str) -> str:
    return f"combat:result_lock:{session_id}"
