"""Whether this process can serve."""

from dataclasses import dataclass

from app.errors import AppError
from app.repositories import schema_repo
from app.transaction import Transaction, transaction


@dataclass(frozen=True, slots=True)
class Health:
    """`ready` if requests can be served; `components` says how each part is."""

    ready: bool
    components: dict[str, str]


def check_health() -> Health:
    """Ask every component; a component that does not answer makes no error here, it is the answer."""
    try:
        _ping()
    except AppError as error:
        return Health(ready=False, components={"mysql": str(error)})
    return Health(ready=True, components={"mysql": "ok"})


@transaction("ping")
def _ping(tx: Transaction) -> None:
    schema_repo.find_revision(tx)
