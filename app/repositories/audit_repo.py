"""audit_log: who of the staff did what to what, written in the transaction that does it."""

from app.canonical_json import canonical_json
from app.transaction import Transaction


def insert(
    tx: Transaction,
    *,
    actor_id: int,
    action: str,
    subject_type: str,
    subject_id: int | str,
    details: dict[str, object],
    request_id: str,
) -> None:
    """Record one action, e.g. `review.accept` on `match` 987654321."""
    tx.execute(
        """
        INSERT INTO audit_log (actor_id, action, subject_type, subject_id, details_json, request_id, created_at)
        VALUES (:actor_id, :action, :subject_type, :subject_id, :details, :request_id, :now)
        """,
        {
            "actor_id": actor_id,
            "action": action,
            "subject_type": subject_type,
            "subject_id": str(subject_id),
            "details": canonical_json(details),
            "request_id": request_id,
            "now": tx.now,
        },
    )
