"""Replays: kept compressed, and chained so that a turn that was changed afterwards is found."""

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.canonical_json import canonical_json
from app.errors import CombatNotFound, ReplayDamaged
from app.extensions import current_config
from app.repositories import replay_repo
from app.repositories.replay_repo import StoredReplay
from app.rules.combat_rules import Combat
from app.services import combat_result_service
from app.transaction import Transaction, transaction

HASH_BYTES = 32
GROWTH = 8  # a stored turn is at most so much longer than the request that brought it: `1e9` is kept as `1000000000.0`


@dataclass(frozen=True, slots=True)
class Replay:
    """The turns of a fight. `first_bad_turn` counts from 1; None if every turn is as it was handed in."""

    session_id: str
    turns: Sequence[Any]
    first_bad_turn: int | None


def pack(session_id: str, turns: Sequence[Any]) -> StoredReplay:
    """The turns as they are kept."""
    texts = [canonical_json(turn) for turn in turns]
    chain = _chain(session_id, texts)
    return StoredReplay(
        turns_count=len(texts),
        head=chain[-1] if chain else _start(session_id),
        turns=zlib.compress(f"[{','.join(texts)}]".encode()),
        chain=b"".join(chain),
    )


def get_replay(session_id: str, *, user_id: int | None, verify: bool) -> Replay:
    """The turns of a finished fight, for whoever may see it; empty if none were handed in.

    With `verify` turns are checked against their chain. Raises CombatNotFound, and ReplayDamaged for one that cannot be
    read any more unless it is being verified.
    """
    if not isinstance(combat_result_service.get_result(session_id, user_id=user_id), Combat):
        raise CombatNotFound(session_id=session_id)
    stored = _find(session_id)
    if stored is None:
        return Replay(session_id, [], None)
    turns = _read_turns(stored.turns)
    if turns is None:
        if not verify:
            raise ReplayDamaged(session_id=session_id)
        return Replay(session_id, [], first_bad_turn=1)
    return Replay(session_id, turns, _first_bad_turn(session_id, turns, stored) if verify else None)


@transaction("find_replay")
def _find(tx: Transaction, session_id: str) -> StoredReplay | None:
    return replay_repo.find(tx, session_id)


def _read_turns(packed: bytes) -> list[Any] | None:
    """The turns, or None if they cannot be read. Never unpacks more than a request could have brought."""
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(packed, GROWTH * current_config().MAX_BODY_BYTES)
        turns = json.loads(text) if unpacker.eof else None
    except (zlib.error, ValueError, RecursionError):
        return None
    return turns if isinstance(turns, list) else None


def _first_bad_turn(session_id: str, turns: Sequence[Any], stored: StoredReplay) -> int | None:
    """The number of the first turn that is not what it was, counted from 1."""
    chain = _chain(session_id, [canonical_json(turn) for turn in turns])
    for number, digest in enumerate(chain, start=1):
        if stored.chain[(number - 1) * HASH_BYTES : number * HASH_BYTES] != digest:
            return number
    whole = len(chain) == stored.turns_count and (chain[-1] if chain else _start(session_id)) == stored.head
    return None if whole else len(chain) + 1


def _chain(session_id: str, texts: Sequence[str]) -> list[bytes]:
    digests, before = [], _start(session_id)
    for text in texts:
        before = hashlib.sha256(before + text.encode()).digest()
        digests.append(before)
    return digests


def _start(session_id: str) -> bytes:
    return hashlib.sha256(session_id.encode()).digest()
