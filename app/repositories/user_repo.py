"""users: accounts. Names and emails are unique in their case-folded form."""

from collections.abc import Collection

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from app.clock import from_column
from app.errors import UserAlreadyExists
from app.rules.user_rules import User, case_folded
from app.transaction import Transaction, violated_key

UNIQUE_FIELDS = {"uq_users_username_key": "username", "uq_users_email_key": "email"}


def insert(tx: Transaction, *, username: str, email: str | None, roles: Collection[str]) -> int:
    """Create the account and return its id. Raises UserAlreadyExists naming the field that is taken."""
    try:
        result = tx.execute(
            """
        INSERT INTO users (username, username_key, display_name, email, email_key, roles, created_at)
        VALUES (:username, :username_key, :username, :email, :email_key, :roles, :now)
        """,
            {
                "username": username,
                "username_key": case_folded(username),
                "email": email,
                "email_key": case_folded(email) if email else None,
                "roles": ",".join(sorted(roles)),
                "now": tx.now,
            },
        )
    except IntegrityError as exc:
        field = UNIQUE_FIELDS.get(violated_key(exc) or "")
        if field is None:
            raise
        raise UserAlreadyExists({field: "taken"}, field=field) from exc
    return int(result.lastrowid)


def exists(tx: Transaction, user_id: int) -> bool:
    """Whether there is such an account."""
    row = tx.execute(
        """
        SELECT 1
        FROM users
        WHERE id = :user_id
        """,
        {"user_id": user_id},
    ).one_or_none()
    return row is not None


def find_by_username(tx: Transaction, username: str) -> User | None:
    """The account of that name, in any case."""
    row = tx.execute(
        """
        SELECT id, username, display_name, email, roles, status, time_zone, created_at
        FROM users
        WHERE username_key = :username_key
        """,
        {"username_key": case_folded(username)},
    ).one_or_none()
    return _user(row) if row else None


def any_exists(tx: Transaction) -> bool:
    """Whether the table holds anybody."""
    row = tx.execute(
        """
        SELECT 1
        FROM users
        LIMIT 1
        """,
        {},
    ).one_or_none()
    return row is not None


def _user(row: Row[tuple[object, ...]]) -> User:
    return User(
        id=row.id,
        username=row.username,
        display_name=row.display_name,
        email=row.email,
        roles=_roles(row.roles),
        status=row.status,
        time_zone=row.time_zone,
        created_at=from_column(row.created_at),
    )


def _roles(value: str | set[str]) -> frozenset[str]:
    """A SET column: PyMySQL returns text, mysqlclient may return a set."""
    return frozenset(value if isinstance(value, set) else filter(None, value.split(",")))
