"""Jobs: work in pages that one node at a time does and any node can resume."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands; `position` is where the next page begins, `token` proves whose it is now."""

    id: int
    kind: str
    status: str
    position: int
    done: int
    token: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """What one page did: where the next begins, how many rows it changed, whether it was the last for now."""

    position: int
    changed: int
    is_last: bool
