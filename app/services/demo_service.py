"""Demo data: what the README, the course spec's example request and a first curl need."""

from datetime import timedelta

from app.repositories import character_repo, item_template_repo, match_repo, user_repo
from app.rules.character_rules import DEMO_CHARACTER_ID, DEMO_POTION_ID, ItemTemplate
from app.rules.match_rules import DEMO_MATCH_ID
from app.services import item_service, user_service
from app.transaction import Transaction, transaction

DEMO_MATCH_AGE = timedelta(hours=1)
DEMO_USERS = {"demo": ("player",), "admin": ("admin",), "engine": ("system",)}
DEMO_CHARACTER_HP = 500
DEMO_POTION = ItemTemplate("hp_pot_small", "Малое зелье здоровья", max_stack=20, max_durability=None)
DEMO_SWORD = ItemTemplate("sword_epic", "Эпический меч", max_stack=1, max_durability=100)
DEMO_PELT = ItemTemplate("wolf_pelt", "Шкура волка", max_stack=50, max_durability=None)


@transaction("create_demo_data")
def create_demo_data(tx: Transaction) -> list[str]:
    """Create what is missing of the users `demo`, `admin`, `engine`, and of `demo` the open match 987654321 and the
    character 101, who wears a sword and has potions in his belt.

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
    if demo is not None and character_repo.find(tx, DEMO_CHARACTER_ID) is None:
        _create_character(tx, demo.id)
        created.append(f"character {DEMO_CHARACTER_ID} of demo, with a sword and potions")
    return created


def _create_character(tx: Transaction, user_id: int) -> None:
    for template in (DEMO_POTION, DEMO_SWORD, DEMO_PELT):
        if item_template_repo.find(tx, template.id) is None:
            item_template_repo.insert(tx, template)
    character_repo.insert(tx, user_id=user_id, name="Demo", character_id=DEMO_CHARACTER_ID, max_hp=DEMO_CHARACTER_HP)
    item_service.give_stack(tx, DEMO_CHARACTER_ID, DEMO_POTION, 5, slot="belt_1", inventory_id=DEMO_POTION_ID)
    item_service.give_stack(tx, DEMO_CHARACTER_ID, DEMO_SWORD, 1, slot="weapon")


@transaction("is_empty")
def is_empty(tx: Transaction) -> bool:
    """Whether the database holds no user yet, so that demo data can be in nobody's way."""
    return not user_repo.any_exists(tx)
