"""The boards as sorted sets in Redis: `leaderboard_set_rules` says how a place stands in one.

Keys of a season's board, all in one slot of a cluster:

    {lb:<board>:<season>}:set          the sorted set
    {lb:<board>:<season>}:members      user id -> "<revision>:<member>", and `ready` once the set is whole
    {lb:<board>:<season>}:new:...      the same of a set that is being built
    {lb:<board>:<season>}:building     how far that is, and whose it is

A set without `ready` is no set: nothing is read from it and nothing is written to it. While one is being built, places
go to both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.clients.redis_client import LuaRedis, Script
from app.clock import utc_now
from app.rules.leaderboard_set_rules import Place

LEASE_MILLISECONDS = 15_000

# A later revision outweighs an earlier one; of one revision the place that ranks higher stays. Members are compared
# byte by byte, because Lua would compare them by the server's locale.
_MERGE = """
local function ranks_higher(a, b)
  for i = 1, #a do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x > y end
  end
  return false
end

local function merge(members, set, user, revision, score, member)
  local known = redis.call('HGET', members, user)
  if known then
    local colon = string.find(known, ':', 1, true)
    local known_revision, known_member = tonumber(string.sub(known, 1, colon - 1)), string.sub(known, colon + 1)
    if tonumber(revision) < known_revision then return end
    if tonumber(revision) == known_revision then
      if member == '' then return end
      if known_member ~= '' then
        local known_score, new_score = tonumber(redis.call('ZSCORE', set, known_member) or '-1'), tonumber(score)
        if new_score < known_score then return end
        if new_score == known_score and not ranks_higher(member, known_member) then return end
      end
    end
    if known_member ~= '' and known_member ~= member then redis.call('ZREM', set, known_member) end
  end
  redis.call('HSET', members, user, revision .. ':' .. member)
  if member ~= '' then redis.call('ZADD', set, score, member) end
end

local function merge_all(members, set, first)
  for i = first, #ARGV, 4 do merge(members, set, ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]) end
end
"""

PUBLISH = Script(
    _MERGE
    + """
local ready = redis.call('HEXISTS', KEYS[1], 'ready')
if ready == 1 then merge_all(KEYS[1], KEYS[2], 1) end
if redis.call('EXISTS', KEYS[5]) == 1 then merge_all(KEYS[3], KEYS[4], 1) end
return ready
"""
)

FIND_RANK = Script("""
if redis.call('HEXISTS', KEYS[1], 'ready') == 0 then return false end
local rank = false
if tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or '-1') == tonumber(ARGV[2]) then
  rank = redis.call('ZREVRANK', KEYS[2], ARGV[1])
end
return {rank, redis.call('ZCARD', KEYS[2])}
""")

COUNT = Script("""
if redis.call('HEXISTS', KEYS[1], 'ready') == 0 then return false end
return redis.call('ZCARD', KEYS[2])
""")

# ARGV: token, now and lease in milliseconds, the loss that this set will mend. Answers where to go on, or nothing.
BEGIN = Script("""
local lease = redis.call('HMGET', KEYS[5], 'token', 'leased_until', 'position')
if lease[1] and lease[1] ~= ARGV[1] and tonumber(lease[2]) > tonumber(ARGV[2]) then return false end
if not lease[1] then
  redis.call('UNLINK', KEYS[3], KEYS[4])
  redis.call('HSET', KEYS[5], 'position', 0, 'loss', ARGV[4])
end
redis.call('HSET', KEYS[5], 'token', ARGV[1], 'leased_until', tonumber(ARGV[2]) + tonumber(ARGV[3]))
return {tonumber(redis.call('HGET', KEYS[5], 'position')), redis.call('HGET', KEYS[5], 'loss')}
""")

# ARGV: token, now, lease, position behind the page, places
ADD_PAGE = Script(
    _MERGE
    + """
if redis.call('HGET', KEYS[5], 'token') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[5], 'position', ARGV[4], 'leased_until', tonumber(ARGV[2]) + tonumber(ARGV[3]))
merge_all(KEYS[3], KEYS[4], 5)
return 1
"""
)

# UNLINK frees the old set in the background; RENAME alone would free it while everybody waits.
FINISH = Script("""
if redis.call('HGET', KEYS[5], 'token') ~= ARGV[1] then return 0 end
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[5])
redis.call('HSET', KEYS[3], 'ready', 1)
redis.call('RENAME', KEYS[3], KEYS[1])
if redis.call('EXISTS', KEYS[4]) == 1 then redis.call('RENAME', KEYS[4], KEYS[2]) end
return 1
""")

# How many of the places the set does not hold as they are given.
COUNT_WRONG = Script("""
local wrong = 0
for i = 1, #ARGV, 4 do
  local known = redis.call('HGET', KEYS[1], ARGV[i])
  local member = known and string.sub(known, string.find(known, ':', 1, true) + 1) or ''
  local score = member ~= '' and tonumber(redis.call('ZSCORE', KEYS[2], member) or '-1') or 0
  if member ~= ARGV[i + 3] or score ~= tonumber(ARGV[i + 2]) then wrong = wrong + 1 end
end
return wrong
""")

IS_READY = Script("return redis.call('HEXISTS', KEYS[1], 'ready')")

DROP = Script("return redis.call('UNLINK', unpack(KEYS))")


@dataclass(frozen=True, slots=True)
class Found:
    """A member's rank from 1 on, None if the set does not hold it, and how many the set holds."""

    rank: int | None
    total: int


@dataclass(frozen=True, slots=True)
class Building:
    """A set that is being built under `token`: pages begin behind the user `position`; `loss` is what it mends."""

    token: str
    position: int
    loss: str


def publish(redis: LuaRedis, board_code: str, season: int, places: Sequence[Place]) -> bool:
    """Tell the board of places, in one call; False if it has no set. Raises RedisAway, as everything here."""
    return bool(redis.run(PUBLISH, _keys(board_code, season), _arguments(places)))


def find_rank(redis: LuaRedis, board_code: str, season: int, place: Place) -> Found | None:
    """Where exactly that place stands; None if the board has no set."""
    answer = redis.run(FIND_RANK, _keys(board_code, season), [place.member, place.score])
    if answer is None:
        return None
    rank, total = answer
    return Found(None if rank is None else rank + 1, total)


def count(redis: LuaRedis, board_code: str, season: int) -> int | None:
    """How many players the board shows; None if it has no set."""
    answer = redis.run(COUNT, _keys(board_code, season), [])
    return None if answer is None else int(answer)


def count_wrong(redis: LuaRedis, board_code: str, season: int, places: Sequence[Place]) -> int:
    """How many of these places the set does not hold as they are."""
    return int(redis.run(COUNT_WRONG, _keys(board_code, season), _arguments(places)))


def is_ready(redis: LuaRedis, board_code: str, season: int) -> bool:
    """Whether the board has a set."""
    return bool(redis.run(IS_READY, _keys(board_code, season), []))


def begin_building(redis: LuaRedis, board_code: str, season: int, *, token: str, loss: str) -> Building | None:
    """Begin a new set, or go on with one that was left; None if somebody else builds."""
    answer = redis.run(BEGIN, _keys(board_code, season), [token, _now(), LEASE_MILLISECONDS, loss])
    return None if answer is None else Building(token, int(answer[0]), answer[1].decode())


def add_page(
    redis: LuaRedis,
    board_code: str,
    season: int,
    building: Building,
    *,
    position: int,
    places: Sequence[Place],
    goes_on: bool,
) -> bool:
    """Add a page to the set that is being built; False if it is somebody else's by now, or lost.

    `goes_on` keeps the lease for the next page.
    """
    arguments = [building.token, _now(), LEASE_MILLISECONDS if goes_on else 0, position, *_arguments(places)]
    return bool(redis.run(ADD_PAGE, _keys(board_code, season), arguments))


def finish_building(redis: LuaRedis, board_code: str, season: int, building: Building) -> bool:
    """Put the built set in the place of the old one; False if it is somebody else's by now, or lost."""
    return bool(redis.run(FINISH, _keys(board_code, season), [building.token]))


def drop(redis: LuaRedis, board_code: str, season: int) -> None:
    """Forget the board's set."""
    redis.run(DROP, _keys(board_code, season), [])


def _keys(board_code: str, season: int) -> list[str]:
    name = f"{{lb:{board_code}:{season}}}"
    return [f"{name}:members", f"{name}:set", f"{name}:new:members", f"{name}:new:set", f"{name}:building"]


def _arguments(places: Sequence[Place]) -> list[str | bytes | int]:
    arguments: list[str | bytes | int] = []
    for place in places:
        arguments += (place.user_id, place.revision, place.score, place.member)
    return arguments


def _now() -> int:
    return int(utc_now().timestamp() * 1000)
