"""Jobs: work in pages that one node at a time does and any node can resume."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

JobStatus = Literal["queued", "running", "done", "failed", "cancelled"]

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands.

    `params` is what it works on, `position` where the next page begins (0 at first), `done` of `total` rows (None:
    not known) what its pages have worked through, `result` what they have found so far, `error` why its last page
    failed, `attempts` how often the present page was begun. A recurring job never ends: after its last page it is
    queued for its next trigger.
    """

    id: int
    kind: str
    status: JobStatus
    recurring: bool
    params: Mapping[str, Any]
    position: int
    done: int
    total: int | None
    result: Mapping[str, Any] | None
    error: str | None
    attempts: int
    created_by: int | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """What one page did: where the next begins, how many rows it worked through, whether it was the last for now.

    `total` and `result` replace the job's where they are given; to add up over the pages begin with `job.result`.
    """

    position: int
    done: int
    is_last: bool
    total: int | None = None
    result: Mapping[str, Any] | None = None


def pause_after(attempts: int) -> timedelta:
    """How long a job waits after the n-th failure of a page: 5 s, 20 s, 80 s ... 10 min."""
    return min(FIRST_PAUSE * (1 << 2 * min(attempts - 1, 10)), LONGEST_PAUSE)
