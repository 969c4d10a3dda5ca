"""Staff's side of items: what kinds there are, and who is given some (contract "Bodies, exactly", characters)."""

from dataclasses import asdict

from app.errors import InvalidRequest, ItemTemplateNotFound
from app.repositories import audit_repo, inventory_repo, item_ledger_repo, item_template_repo
from app.rules.character_rules import InventoryItem, ItemTemplate
from app.services import character_service, idempotency_service, inventory_service
from app.transaction import Transaction, transaction


@transaction("create_item_template")
def create_item_template(tx: Transaction, template: ItemTemplate) -> bool:
    """Make a kind of item known; False if exactly this one was known before.

    Raises Conflict if another one has its id or its name.
    """
    if item_template_repo.find(tx, template.id) == template:
        return False
    item_template_repo.insert(tx, template)
    return True


@transaction("list_item_templates")
def list_item_templates(tx: Transaction, *, limit: int, offset: int) -> tuple[list[ItemTemplate], int]:
    """A page of all kinds of items, by id, and how many there are."""
    return item_template_repo.list_page(tx, limit=limit, offset=offset), item_template_repo.count(tx)


@transaction("grant_item")
def grant_item(
    tx: Transaction,
    character_id: int,
    *,
    item_template_id: str,
    quantity: int,
    actor_id: int,
    request_id: str,
    idempotency_key: str | None,
) -> tuple[InventoryItem, bool]:
    """Give a character a new stack; also whether an earlier request with the same Idempotency-Key gave it.

    Raises CharacterNotFound, ItemTemplateNotFound, InvalidRequest for more than a stack holds.
    """
    body = {"character_id": character_id, "item_template_id": item_template_id, "quantity": quantity}
    request = idempotency_service.keyed_request(actor_id, "POST admin/characters/items", idempotency_key, body)
    first_answer = idempotency_service.claim(tx, request)
    if first_answer is not None:
        return InventoryItem(**first_answer), True
    character_service.lock_character(tx, character_id, owner_id=None)
    template = item_template_repo.find(tx, item_template_id)
    if template is None:
        raise ItemTemplateNotFound(item_template_id=item_template_id)
    if quantity > template.max_stack:
        raise InvalidRequest({"quantity": f"int <= {template.max_stack} required"})
    inventory_id = give_stack(tx, character_id, template, quantity)
    audit_repo.insert(
        tx,
        actor_id=actor_id,
        action="item.grant",
        subject_type="character",
        subject_id=character_id,
        details={"item_template_id": item_template_id, "quantity": quantity, "inventory_id": inventory_id},
        request_id=request_id,
    )
    item = inventory_service.get_item(tx, character_id=character_id, inventory_id=inventory_id)
    idempotency_service.remember(tx, request, asdict(item))
    return item, False


def give_stack(
    tx: Transaction,
    character_id: int,
    template: ItemTemplate,
    quantity: int,
    *,
    slot: str | None = None,
    inventory_id: int | None = None,
) -> int:
    """A new stack and its ledger entry, in the caller's transaction; returns the stack's id."""
    inventory_id = inventory_repo.insert(
        tx,
        character_id=character_id,
        item_template_id=template.id,
        quantity=quantity,
        durability=template.max_durability,
        slot=slot,
        inventory_id=inventory_id,
    )
    item_ledger_repo.insert_grant(
        tx, character_id=character_id, item_template_id=template.id, quantity=quantity, inventory_id=inventory_id
    )
    return inventory_id
