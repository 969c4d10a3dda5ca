"""A relay that delivers everything three times. `python -m tests.support.triple_relay`"""

from typing import Any

from app.workers import relay
from app.workers.celery_app import apply_shard


def main() -> None:
    deliver = apply_shard.apply_async

    def three_times(*args: Any, **kwargs: Any) -> Any:
        for _ in range(2):
            deliver(*args, **kwargs)
        return deliver(*args, **kwargs)

    apply_shard.apply_async = three_times
    relay.main()


if __name__ == "__main__":
    main()
