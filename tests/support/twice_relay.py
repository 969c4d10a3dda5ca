"""A relay that sends every task twice, as a broker may deliver it."""

from typing import Any

from app.workers import relay
from app.workers.celery_app import apply_shard

_send = apply_shard.apply_async


def _send_twice(*arguments: Any, **options: Any) -> None:
    _send(*arguments, **options)
    _send(*arguments, **options)


if __name__ == "__main__":
    apply_shard.apply_async = _send_twice
    relay.main()
