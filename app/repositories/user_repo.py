"""users: accounts. Names and emails are unique in their case-folded form."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from app.clock import from_column
from app.errors import UserAlreadyExists
from app.rules.user_rules import User, case_folded
from app.transaction import Transaction, violated_key

UNIQUE_FIELDS = {"uq_users_username_key": "username", "uq_users_email_key": "email"}


_COLUMNS = "id, username, display_name, email, roles, status, time_zone, token_version, created_at"


def insert(tx: Transaction, *, username: str, email: str | None, roles: Collection[str]) -> int:
    """Create the account and return its id. Raises UserAlreadyExists naming the field that is taken."""
    with _taken_fields_named():
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
    return int(result.lastrowid)


def update(tx: Transaction, user: User) -> None:
    """Write everything of the account that can change. Raises UserAlreadyExists naming the field that is taken."""
    with _taken_fields_named():
        tx.execute(
            """
            UPDATE users
            SET username = :username,
                username_key = :username_key,
                display_name = :display_name,
                email = :email,
                email_key = :email_key,
                roles = :roles,
                status = :status,
                time_zone = :time_zone,
                token_version = :token_version
            WHERE id = :user_id
            """,
            {
                "user_id": user.id,
                "username": user.username,
                "username_key": case_folded(user.username),
                "display_name": user.display_name,
                "email": user.email,
                "email_key": case_folded(user.email) if user.email else None,
                "roles": ",".join(sorted(user.roles)),
                "status": user.status,
                "time_zone": user.time_zone,
                "token_version": user.token_version,
            },
        )


@contextmanager
def _taken_fields_named() -> Iterator[None]:
    try:
        yield
    except IntegrityError as exc:
        field = UNIQUE_FIELDS.get(violated_key(exc) or "")
        if field is None:
            raise
        raise UserAlreadyExists({field: "taken"}, field=field) from exc


def exists(tx: Transaction, user_id: int) -> bool:
    """Whether there is such an account, and it is not erased."""
    row = tx.execute(
        """
        SELECT 1
        FROM users
        WHERE id = :user_id
          AND status <> 'erased'
        """,
        {"user_id": user_id},
    ).one_or_none()
    return row is not None


def find_by_username(tx: Transaction, username: str) -> User | None:
    """The account of that name, in any case."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM users
        WHERE username_key = :username_key
        """,
        {"username_key": case_folded(username)},
    ).one_or_none()
    return _user(row) if row else None


def find_by_email(tx: Transaction, email: str) -> User | None:
    """The account of that email, in any case."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM users
        WHERE email_key = :email_key
        """,
        {"email_key": case_folded(email)},
    ).one_or_none()
    return _user(row) if row else None


def find(tx: Transaction, user_id: int) -> User | None:
    """The account, whatever its status."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM users
        WHERE id = :user_id
        """,
        {"user_id": user_id},
    ).one_or_none()
    return _user(row) if row else None


def lock(tx: Transaction, user_id: int) -> User | None:
    """Lock the account, whatever its status."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM users
        WHERE id = :user_id
        FOR UPDATE
        """,
        {"user_id": user_id},
    ).one_or_none()
    return _user(row) if row else None


def list_by_username(tx: Transaction, *, prefix: str, after_key: str, limit: int) -> list[User]:
    """Accounts whose folded name begins with `prefix` and comes after `after_key`, in the order of folded names."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM users
        WHERE username_key LIKE :pattern
          AND username_key > :after_key
          AND status <> 'erased'
        ORDER BY username_key
        LIMIT :limit
        """,
        {"pattern": _begins_with(prefix), "after_key": after_key, "limit": limit},
    )
    return [_user(row) for row in rows]


def list_by_email(tx: Transaction, *, prefix: str, after_key: str, limit: int) -> list[User]:
    """Accounts whose folded email begins with `prefix` and comes after `after_key`, in the order of folded emails."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM users
        WHERE email_key LIKE :pattern
          AND email_key > :after_key
          AND status <> 'erased'
        ORDER BY email_key
        LIMIT :limit
        """,
        {"pattern": _begins_with(prefix), "after_key": after_key, "limit": limit},
    )
    return [_user(row) for row in rows]


def _begins_with(prefix: str) -> str:
    escaped = prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"


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
        token_version=row.token_version,
        created_at=from_column(row.created_at),
    )


def _roles(value: str | set[str]) -> frozenset[str]:
    """A SET column: PyMySQL returns text, mysqlclient may return a set."""
    return frozenset(value if isinstance(value, set) else filter(None, value.split(",")))
