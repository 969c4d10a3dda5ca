"""Whose things a user may see."""

from flask import g

from app.errors import Forbidden

STAFF = frozenset({"support", "system"})


def require_self_or_staff(user_id: int) -> None:
    """Let the user himself pass, and support, system and admin. Raises Forbidden."""
    if g.user.id != user_id and not g.user.has_any(STAFF):
        raise Forbidden
