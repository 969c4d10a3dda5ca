"""What relay and worker do, in this process: everything that waits in the outbox is applied."""

from app.services import outbox_service
from app.workers.handlers import HANDLERS


def deliver() -> int:
    """Apply what waits with the real handlers; every batch comes twice. Returns how many events were applied."""
    applied = 0
    while True:
        lease = outbox_service.lease_shards()
        if not lease.shards:
            return applied
        for shard in lease.shards * 2:
            applied += outbox_service.apply_shard(shard, lease.token, HANDLERS)
