"""Whatever is sent to whichever operation: no 5xx, and no answer that the document does not name.

schemathesis makes requests from the document, good ones and bad ones; LAUREL_CONTRACT_CASES of them altogether.
"""

import os
from collections.abc import Callable
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
def known_ids(app: Flask, player: Player) -> Callable[[Player], dict[str, list[int]]]:
    """Things that are there: the client's own and another's, by the names of the variables that name them."""

    def make(who: Player) -> dict[str, list[int]]:
        own, others, finished = open_match(app, who), open_match(app, player), open_match(app, who)
        app.test_client().post("/match/finish", json=finish_body(finished), headers=who.headers)
        return {"match_id": [own, others, finished], "user_id": [who.id, player.id]}

    return make


@pytest.mark.usefixtures("with_redis")
@pytest.mark.parametrize("client_name", CLIENTS)
@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_every_answer_is_documented(
    app: Flask, schema: Any, known_ids: Any, operation_id: str, client_name: str
) -> None:
    path, method = OPERATIONS[operation_id]
    operation = schema[path][method]
    roles = CLIENTS[client_name]
    who = new_player(app, roles or ["player"])
    known = known_ids(who)
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
        for name in set(case.path_parameters or {}) & set(known):
            if data.draw(st.booleans()):
                case.path_parameters[name] = data.draw(st.sampled_from(known[name]))
        if isinstance(case.body, dict) and "matchId" in case.body and data.draw(st.booleans()):
            case.body["matchId"] = data.draw(st.sampled_from(known["match_id"]))
        case.call_and_validate(session=client, headers=headers, checks=CHECKS)

    answers_as_documented()
