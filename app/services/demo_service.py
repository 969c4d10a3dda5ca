"""Demo data: what the README, the course spec's example request and a first curl need."""

from datetime import timedelta

from app.repositories import match_repo, user_repo
from app.rules.match_rules import DEMO_MATCH_ID
from app.services import user_service
from app.transaction import Transaction, transaction

DEMO_MATCH_AGE = timedelta(hours=1)
DEMO_USERS = {"demo": ("player",), "admin": ("admin",), "engine": ("system",)}


@transaction("create_demo_data")
def create_demo_data(tx: Transaction) -> list[str]:
    """Create what is missing of the users `demo`, `admin`, `engine` and the open match 987654321 of `demo`.

    Returns a line for each thing created; calling it again creates nothing. Demo users have no password.
    """
    created = []
    for username, roles in DEMO_USERS.items():
        if user_repo.find_by_username(tx, username) is None:
            user_service.add_user(tx, username=username, email=f"{username}@example.com", roles=roles)
            created.append(f"user {username} ({', '.join(roles)})")
    demo = user_repo.find_by_username(tx, "demo")
    if demo is not None and match_repo.find(tx, DEMO_MATCH_ID) is None:
        match_repo.insert_started(tx, user_id=demo.id, match_id=DEMO_MATCH_ID, started_at=tx.now - DEMO_MATCH_AGE)
        created.append(f"match {DEMO_MATCH_ID} of demo, started")
    return created


@transaction("is_empty")
def is_empty(tx: Transaction) -> bool:
    """Whether the database holds no user yet, so that demo data can be in nobody's way."""
    return not user_repo.any_exists(tx)
