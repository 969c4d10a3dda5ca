"""The Postman collection, made from the API's document and the story. `make postman` writes it into docs/."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from app.openapi import Operation, document_of, operations_of
from config import ROOT
from tests.contract.story import ADMIN, ENGINE, FAREWELL, NOBODY, PLAYER, STORY, Step
from tests.support.contract import routes_alone

FILE = ROOT / "docs" / "postman_collection.json"
VARIABLES = {
    "base_url": "http://127.0.0.1:5000",
    "player_token": "",
    "admin_token": "",
    "engine_token": "",
    **dict.fromkeys(
        ("refresh_token", "device_token", "run", "user_id", "match_id", "other_match_id", "next_season"), ""
    ),
    **dict.fromkeys(("character_id", "inventory_id", "session_id", "version", "review_id", "type_id", "job_id"), ""),
}
DESCRIPTION = """Made from /openapi.json by `make postman`. Set `base_url`, and `admin_token` and `engine_token` to what
`flask laurel token --user admin` and `--user engine` print; the story makes everything else itself and can be run again
and again. `make test-contract` runs it with newman."""

ENVELOPE = """const body = pm.response.json();
pm.test("the envelope", () => {
  pm.expect(body.ok).to.eql(pm.response.code < 400);
  if (body.ok) pm.expect(body).to.have.property("data");
  else {
    pm.expect(body.error.code).to.match(/^[A-Z_]+$/);
    pm.expect(body.error.requestId).to.eql(pm.response.headers.get("X-Request-Id"));
  }
});"""
REPLAYED = """pm.test("it is the first answer again", () => {
  pm.expect(pm.response.headers.get("Idempotency-Replayed")).to.eql("true");
});"""
NEW_RUN = 'pm.collectionVariables.set("run", String(Date.now()));'


def collection() -> dict[str, Any]:
    """The story, and in the end every operation that it does not tell of."""
    app = routes_alone()
    document = document_of(app)
    operations = {operation.id: operation for operation in operations_of(app)}
    told = {step.operation for steps in (*STORY.values(), *FAREWELL.values()) for step in steps}
    rest = [_as_documented(operation) for name, operation in operations.items() if name not in told]
    folders = {**STORY, "The rest": rest, **FAREWELL}
    return {
        "info": {
            "name": "Laurel",
            "description": DESCRIPTION,
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "variable": [{"key": key, "value": value} for key, value in VARIABLES.items()],
        "item": [
            {"name": name, "item": [_request(step, operations[step.operation], document) for step in steps]}
            for name, steps in folders.items()
        ],
        "event": [],
    }


def render() -> str:
    """The collection as the file holds it."""
    return json.dumps(collection(), ensure_ascii=False, indent=1) + "\n"


def _as_documented(operation: Operation) -> Step:
    """A step for an operation as it stands in the document: any answer of it that is no fault will do."""
    roles = operation.declaration.roles
    token = NOBODY
    if operation.declaration.security is not None:
        token = PLAYER if "player" in roles else ENGINE if "admin" not in roles and "system" in roles else ADMIN
    statuses = [answer.status for answer in operation.declaration.answers] + list(operation.errors)
    expect = tuple(sorted({status for status in statuses if status < 500}))
    return Step(operation.id, operation.summary, token, expect=expect)


def _request(step: Step, operation: Operation, document: dict[str, Any]) -> dict[str, Any]:
    described = document["paths"][operation.path][operation.method.lower()]
    values = {name: str(schema.get("examples", [1])[0]) for name, schema in operation.path_parameters.items()}
    path = operation.path.format(**{**values, **step.path}).lstrip("/")
    request: dict[str, Any] = {
        "method": operation.method,
        "header": [],
        "url": {
            "raw": "{{base_url}}/" + path + (f"?{step.query}" if step.query else ""),
            "host": ["{{base_url}}"],
            "path": path.split("/"),
            "query": [dict(zip(("key", "value"), pair, strict=True)) for pair in parse_qsl(step.query)],
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": step.as_, "type": "string"}]}
        if step.as_
        else {"type": "noauth"},
        "description": described["summary"],
    }
    if "requestBody" in described:
        example = described["requestBody"]["content"]["application/json"]["example"]
        body = example if step.body is None else step.body
        raw = re.sub(r'"\{\{#(\w+)\}\}"', r"{{\1}}", json.dumps(body, ensure_ascii=False, indent=2))
        request["body"] = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    events = [{"listen": "test", "script": {"type": "text/javascript", "exec": list(_tests(step, operation))}}]
    if step.operation == "user_register":
        events.insert(0, {"listen": "prerequest", "script": {"type": "text/javascript", "exec": [NEW_RUN]}})
    return {"name": step.name, "request": request, "event": events, "response": []}


def _tests(step: Step, operation: Operation) -> Iterator[str]:
    expected = ", ".join(map(str, step.expect))
    yield f'pm.test("status {expected}", () => pm.expect(pm.response.code).to.be.oneOf([{expected}]));'
    if operation.is_bare:
        return
    yield from ENVELOPE.splitlines()
    if step.replayed:
        yield from REPLAYED.splitlines()
    for name, expression in step.save.items():
        yield f'pm.collectionVariables.set("{name}", body.{expression});'


if __name__ == "__main__":
    FILE.write_text(render())
