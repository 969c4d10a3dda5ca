"""Whatever is sent to whichever operation: no 5xx, and no answer that the document does not name.

schemathesis makes requests from the document, good ones and bad ones; LAUREL_CONTRACT_CASES of them altogether.
"""

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import schemathesis
import werkzeug
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.openapi import operations_of
from tests.support.contract import routes_alone, strict_document
from tests.support.players import Player, finish_body, new_player, open_match

CASES = int(os.environ.get("LAUREL_CONTRACT_CASES", "400"))
CLIENTS = {"anonymous": [], "player": ["player"], "admin": ["admin"]}
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

OPERATIONS = {operation.id: (operation.path, operation.method) for operation in operations_of(routes_alone())}
ANONYMOUS_SHARE = 5  # he is mostly sent away: a fifth of the others' cases is enough for him
CASES_EACH = max(1, round(CASES / len(OPERATIONS) / (len(CLIENTS) - 1 + 1 / ANONYMOUS_SHARE)))


class WholeAnswers(werkzeug.Client):
    """Reads an answer to its end and closes it, as a server does."""

    def open(self, *args: Any, **kwargs: Any) -> werkzeug.test.TestResponse:
        return super().open(*args, **{**kwargs, "buffered": True})


@pytest.fixture(scope="module")
def schema(app: Flask) -> Any:
    schema = schemathesis.openapi.from_dict(strict_document(app))
    schema.app = app
    return schema


@pytest.fixture
def make_known(app: Flask, player: Player, admin: Player) -> Callable[[Player], dict[str, list[Any]]]:
    """Things that are there, the client's own and another's, by the names of the fields that name them."""

    def data_of(path: str, body: Any, who: Player) -> Any:
        answer = app.test_client().post(path, json=body, headers=who.headers)
        assert answer.get_json()["ok"] or answer.status_code == 422, answer.get_json()
        return answer.get_json().get("data")

    def make(who: Player) -> dict[str, list[Any]]:
        own, others, finished, refused = (open_match(app, one) for one in (who, player, who, who))
        data_of("/match/finish", finish_body(finished), who)
        data_of("/match/finish", finish_body(refused, score=2**40), who)
        character, enemy = (data_of("/api/v1/characters", {"name": "Ada"}, one)["id"] for one in (who, player))
        template = {"id": f"potion_{who.id}", "name": f"Potion {who.id}", "max_stack": 10}
        data_of("/api/v1/admin/item-templates", template, admin)
        gift = {"item_template_id": template["id"], "quantity": 3}
        item = data_of(f"/api/v1/admin/characters/{character}/items", gift, admin)["inventory_id"]
        data_of(f"/api/v1/characters/{character}/equip", {"inventory_id": item, "slot": "belt_1"}, who)
        fight = {"participants": [{"character_id": character, "team": "blue"}]}
        session = data_of("/api/v1/combat/sessions", fight, who)["session_id"]
        reviews = app.test_client().get("/api/v1/admin/reviews?limit=1", headers=admin.headers).get_json()["data"]
        return {
            "match_id": [own, others, finished, refused],
            "user_id": [who.id, player.id],
            "character_id": [character, enemy],
            "inventory_id": [item],
            "item_template_id": [template["id"]],
            "session_id": [session],
            "review_id": [review["id"] for review in reviews["items"]],
            "type_id": [1, 2, 3],
            "board_code": ["td_score"],
            "code": ["login"],
            "event_type": ["login", "find_secret", "match_finish"],
            "slot": ["belt_1", "belt_2"],
        }

    return make


def put_in(part: Any, known: Mapping[str, list[Any]], data: st.DataObject) -> None:
    """Let some of the fields of a generated request name things that are there."""
    if isinstance(part, list):
        for element in part:
            put_in(element, known, data)
    elif isinstance(part, dict):
        for name, value in part.items():
            snake = re.sub("([A-Z])", lambda letter: "_" + letter[1].lower(), str(name))
            if known.get(snake) and data.draw(st.booleans()):
                part[name] = data.draw(st.sampled_from(known[snake]))
            else:
                put_in(value, known, data)


@pytest.mark.usefixtures("with_redis")
@pytest.mark.parametrize("client_name", CLIENTS)
@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_every_answer_is_documented(
    app: Flask, schema: Any, make_known: Any, operation_id: str, client_name: str
) -> None:
    path, method = OPERATIONS[operation_id]
    operation = schema[path][method]
    roles = CLIENTS[client_name]
    who = new_player(app, roles or ["player"])
    known = make_known(who)
    headers = {"Accept-Encoding": "identity", **(who.headers if roles else {})}
    cases = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    client = WholeAnswers(app)

    @settings(
        max_examples=CASES_EACH if roles else -(-CASES_EACH // ANONYMOUS_SHARE),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, data=st.data())
    def answers_as_documented(case: Any, data: st.DataObject) -> None:
        put_in(case.path_parameters, known, data)
        put_in(case.body, known, data)
        case.call_and_validate(session=client, headers=headers, checks=CHECKS)

    answers_as_documented()
