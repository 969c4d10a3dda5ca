"""user_passwords and user_devices: what opens an account."""

from hashlib import sha256

from sqlalchemy.exc import IntegrityError

from app.transaction import Transaction, violated_key


def set_password(tx: Transaction, user_id: int, password_hash: str) -> None:
    """Give the account this password, whichever it had."""
    tx.execute(
        """
        INSERT INTO user_passwords (user_id, password_hash, changed_at)
        VALUES (:user_id, :password_hash, :now)
        ON DUPLICATE KEY UPDATE password_hash = VALUES(password_hash), changed_at = VALUES(changed_at)
        """,
        {"user_id": user_id, "password_hash": password_hash, "now": tx.now},
    )


def find_password(tx: Transaction, user_id: int) -> str | None:
    """The hash of the account's password, if it has one."""
    row = tx.execute(
        """
        SELECT password_hash
        FROM user_passwords
        WHERE user_id = :user_id
        """,
        {"user_id": user_id},
    ).one_or_none()
    return row.password_hash if row else None


def replace_password_hash(tx: Transaction, user_id: int, *, old: str, new: str) -> None:
    """Keep the same password under a newer hash, unless it was changed meanwhile."""
    tx.execute(
        """
        UPDATE user_passwords
        SET password_hash = :new
        WHERE user_id = :user_id
          AND password_hash = :old
        """,
        {"user_id": user_id, "old": old, "new": new},
    )


def find_user_of_device(tx: Transaction, device_id: str) -> int | None:
    """Whose device it is."""
    row = tx.execute(
        """
        SELECT user_id
        FROM user_devices
        WHERE device_hash = :device_hash
        """,
        {"device_hash": _device_hash(device_id)},
    ).one_or_none()
    return row.user_id if row else None


def insert_device(tx: Transaction, *, user_id: int, device_id: str) -> bool:
    """Let the device open the account; False if it opens another one."""
    try:
        tx.execute(
            """
            INSERT INTO user_devices (device_hash, user_id, created_at)
            VALUES (:device_hash, :user_id, :now)
            """,
            {"device_hash": _device_hash(device_id), "user_id": user_id, "now": tx.now},
        )
    except IntegrityError as exc:
        if violated_key(exc) != "PRIMARY":
            raise
        return False
    return True


def has_device(tx: Transaction, user_id: int) -> bool:
    """Whether any device opens the account."""
    row = tx.execute(
        """
        SELECT 1
        FROM user_devices
        WHERE user_id = :user_id
        LIMIT 1
        """,
        {"user_id": user_id},
    ).one_or_none()
    return row is not None


def delete_of_user(tx: Transaction, user_id: int) -> None:
    """Forget the account's password and devices: nothing opens it any more."""
    for_user = {"user_id": user_id}
    tx.execute("DELETE FROM user_passwords WHERE user_id = :user_id", for_user)
    tx.execute("DELETE FROM user_devices WHERE user_id = :user_id", for_user)


def _device_hash(device_id: str) -> bytes:
    return sha256(device_id.encode()).digest()
