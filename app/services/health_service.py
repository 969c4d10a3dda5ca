"""Whether this process can serve."""

from dataclasses import dataclass

from app.clients import redis_client
from app.errors import AppError
from app.extensions import current_config
from app.repositories import schema_repo
from app.transaction import Transaction, transaction


@dataclass(frozen=True, slots=True)
class Health:
    """`ready` if requests can be served; `components` says how each part is."""

    ready: bool
    components: dict[str, str]

    @property
    def status(self) -> str:
        """ok, degraded (it serves, but a part is missing) or unavailable."""
        if not self.ready:
            return "unavailable"
        return "ok" if set(self.components.values()) == {"ok"} else "degraded"


def check_health() -> Health:
    """Ask every component; one that does not answer makes no error here, it is the answer.

    Only MySQL decides: without Redis matches settle all the same, and what follows from them waits.
    """
    components = {"mysql": "ok"}
    try:
        _ping()
    except AppError as error:
        components["mysql"] = str(error)
    redis_url = current_config().REDIS_URL
    if redis_url:
        components["redis"] = "ok" if redis_client.is_reachable(redis_url) else "Not reachable: the outbox waits"
    return Health(ready=components["mysql"] == "ok", components=components)


@transaction("ping")
def _ping(tx: Transaction) -> None:
    schema_repo.find_revision(tx)
