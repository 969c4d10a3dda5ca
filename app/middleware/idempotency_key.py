"""The optional `Idempotency-Key` header of operations that have no natural key. Puts it into `g`."""

import re
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import g, request

from app.errors import IdempotencyKeyReused, InvalidRequest
from app.middleware.declare import note

P = ParamSpec("P")
R = TypeVar("R")

HEADER = "Idempotency-Key"
IDEMPOTENCY_KEY = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def accept_idempotency_key(view: Callable[P, R]) -> Callable[P, R]:
    """Set `g.idempotency_key` to the header's value or None. Raises InvalidRequest (400)."""

    @wraps(view)
    def check(*args: P.args, **kwargs: P.kwargs) -> R:
        key = request.headers.get(HEADER)
        if key is not None and not IDEMPOTENCY_KEY.fullmatch(key):
            raise InvalidRequest({HEADER: "1 to 128 of A-Z a-z 0-9 . _ : - required"})
        g.idempotency_key = key
        return view(*args, **kwargs)

    note(check, headers=[HEADER], errors=[InvalidRequest, IdempotencyKeyReused])
    return check
