"""A worker that kills itself at its n-th step, a step being a statement, a COMMIT, or the call of Redis behind it.

`python -m tests.support.dying_worker 7`; it says `survived` if there were fewer.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from app.clients import combat_store
from app.services import outbox_service
from app.transaction import Transaction
from app.workers.celery_app import flask_app
from app.workers.handlers import FOLLOWERS, HANDLERS

STEPS_LEFT = [0]


def dying(step: Callable[..., Any]) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        STEPS_LEFT[0] -= 1
        if STEPS_LEFT[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*args, **kwargs)

    return run


def main() -> None:
    with flask_app.app_context():
        lease = outbox_service.lease_shards()
        STEPS_LEFT[0] = int(sys.argv[1])
        Transaction.execute = dying(Transaction.execute)  # type: ignore[method-assign]
        Transaction.commit = dying(Transaction.commit)  # type: ignore[method-assign]
        combat_store.bury = dying(combat_store.bury)
        for shard in lease.shards:
            outbox_service.apply_shard(shard, lease.token, HANDLERS, followers=FOLLOWERS)
    sys.stdout.write("survived\n")


if __name__ == "__main__":
    main()
