"""What this process knows of revoked tokens: polled while requests come, so that none of them pays for a query.

Knowledge is asked for again after POLL_SECONDS by whichever request comes then; the others go on with what is known.
None is trusted after TRUSTED_SECONDS, so a revoked token stops working within that time on every process.
"""

import threading
import time
from collections import deque
from datetime import datetime

import structlog
from flask import Flask, current_app

from app.clock import utc_now
from app.errors import ServiceUnavailable, explain
from app.services import revocation_service

POLL_SECONDS = 2.0
TRUSTED_SECONDS = 5.0
# Ids are given before the commit: one that is lower than those already read may become visible this much later.
SETTLED_SECONDS = 60.0
SETTLED_ROWS = 10_000  # for the first read, which knows nothing of the time before it

log = structlog.stdlib.get_logger("laurel.revocations")


class KnownRevocations:
    """Families that are revoked, and of users the lowest token version that is good."""

    def __init__(self) -> None:
        self._polling = threading.Lock()
        self._known_at = float("-inf")  # of the monotonic clock
        self._reads: deque[tuple[float, int]] = deque()  # when, and the highest id that was there
        self._families: dict[str, datetime] = {}
        self._versions: dict[int, tuple[int, datetime]] = {}

    def is_revoked(self, *, user_id: int, token_version: int, family: str | None) -> bool:
        """Whether an access token of that user, version and family (hex) is revoked. Raises ServiceUnavailable."""
        self._refresh()
        lowest_good = self._versions.get(user_id)
        return (lowest_good is not None and token_version < lowest_good[0]) or family in self._families

    def _refresh(self) -> None:
        age = time.monotonic() - self._known_at
        if age < POLL_SECONDS or not self._polling.acquire(blocking=age >= TRUSTED_SECONDS):
            return
        try:
            if time.monotonic() - self._known_at >= POLL_SECONDS:
                self._poll()
        except ServiceUnavailable as error:
            if time.monotonic() - self._known_at >= TRUSTED_SECONDS:
                raise
            log.warning("revocations_not_polled", reason=explain(error))
        finally:
            self._polling.release()

    def _poll(self) -> None:
        asked_at = time.monotonic()
        after_id = self._settled_id(asked_at)
        revocations = revocation_service.list_revocations(after_id=after_id)
        for revocation in revocations:
            until = revocation.expires_at
            if revocation.family_id is not None:
                self._families[revocation.family_id.hex()] = until
            if revocation.token_version is not None:
                known, _ = self._versions.get(revocation.user_id, (0, until))
                self._versions[revocation.user_id] = (max(known, revocation.token_version), until)
        last_id = revocations[-1].id if revocations else after_id
        if not self._reads:
            self._reads.append((float("-inf"), max(0, last_id - SETTLED_ROWS)))
        self._reads.append((asked_at, last_id))
        self._forget_expired(utc_now())
        self._known_at = asked_at

    def _settled_id(self, now: float) -> int:
        """Up to which id nothing new can appear."""
        while len(self._reads) > 1 and self._reads[1][0] < now - SETTLED_SECONDS:
            self._reads.popleft()
        return self._reads[0][1] if self._reads else 0

    def _forget_expired(self, now: datetime) -> None:
        self._families = {family: until for family, until in self._families.items() if until > now}
        self._versions = {user_id: known for user_id, known in self._versions.items() if known[1] > now}


def register_revocations(app: Flask) -> None:
    """Give the application its knowledge; nothing is asked before the first token comes."""
    app.extensions["laurel.revocations"] = KnownRevocations()


def is_revoked(*, user_id: int, token_version: int, family: str | None) -> bool:
    """Whether such an access token is revoked, as far as was known at most TRUSTED_SECONDS ago."""
    known: KnownRevocations = current_app.extensions["laurel.revocations"]
    return known.is_revoked(user_id=user_id, token_version=token_version, family=family)
