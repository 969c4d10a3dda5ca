"""Fresh users with tokens, and the matches they play."""

import itertools
import os
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from flask import Flask

from app.middleware.auth_jwt import issue_access_token
from app.repositories import match_repo
from app.services import user_service
from app.transaction import Transaction, transaction

T = TypeVar("T")
_numbers = itertools.count(1)

RESULT = {"isWin": True, "score": 12450, "durationSeconds": 410, "waveReached": 12}


@dataclass(frozen=True)
class Player:
    """A user with a token."""

    id: int
    username: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def unique_name() -> str:
    """A username that nobody of this test run has."""
    return f"u{os.getpid()}_{next(_numbers)}"


def new_player(app: Flask, roles: Collection[str] = ("player",)) -> Player:
    username = unique_name()
    with app.app_context():
        user_id = user_service.create_user(username=username, email=f"{username}@example.com", roles=roles)
        return Player(user_id, username, issue_access_token(user_id, roles, timedelta(hours=1)))


@transaction("open_match_for_test")
def _open_match(tx: Transaction, user_id: int, age: timedelta) -> int:
    return match_repo.insert_started(tx, user_id=user_id, started_at=tx.now - age)


def open_match(app: Flask, player: Player, age: timedelta = timedelta(hours=1)) -> int:
    """A match of the player's that was started `age` ago."""
    with app.app_context():
        return _open_match(player.id, age)


def finish_body(match_id: int, **result: object) -> dict[str, Any]:
    return {"matchId": match_id, "result": {**RESULT, **result}}


def at_once(app: Flask, calls: Sequence[Callable[[], T]]) -> list[T]:
    """Run every call in a thread of its own, all released at the same moment; results in order."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        start.wait()
        with app.app_context():
            return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
