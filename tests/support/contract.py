"""The API's document as a witness: every answer that a test client gets is compared with it.

A status, a field or an error code that the document does not name fails the test that met it. Which documented errors
were met is written down, so that the end of a whole run can say which ones no test provokes.
"""

import gzip
import json
import os
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from app import create_app
from app.errors import NotFound
from app.openapi import Operation, document_of, operations_of
from config import Config

SEEN = "LAUREL_TEST_ERRORS_SEEN"  # the folder in which the workers of a run write down what they met
Met = tuple[str, str]  # operation, error code


class CheckedClient(FlaskClient):
    """A test client that accepts only documented answers."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        check_answer(self.application, response)
        return response


@cache
def strict_document(app: Flask) -> dict[str, Any]:
    """The document as JSON gives it back, with answers that may hold no field beside those it names."""
    document: dict[str, Any] = json.loads(json.dumps(document_of(app)))
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return document


@cache
def _operations(app: Flask) -> dict[Met, Operation]:
    return {(operation.rule.endpoint, operation.method): operation for operation in operations_of(app)}


def check_answer(app: Flask, response: TestResponse) -> None:
    """Fail unless the document has this answer: its status, its headers, its body."""
    request = response.request
    operation = None
    try:
        endpoint, _ = app.url_map.bind("localhost").match(request.path, request.method)
    except HTTPException:
        documented: dict[str, Any] = strict_document(app)["components"]["responses"].get(
            {404: "NotFound", 405: "MethodNotAllowed"}.get(response.status_code, "")
        )
        if response.status_code == 308:
            return
    else:
        operation = _operations(app).get((endpoint, request.method))
        if operation is None:  # HEAD, OPTIONS and the files of the documentation's page
            return
        documented = _responses(app, operation).get(str(response.status_code), {})
    where = f"{request.method} {request.path} {response.status_code}"
    assert documented, f"{where} is not documented: {response.get_data(as_text=True)[:500]}"
    _check_headers(app, documented, response, where)
    _check_body(app, documented, response, where)
    if operation is not None and response.status_code >= 400 and not operation.is_bare:
        _write_down(operation.id, response.get_json()["error"]["code"])


def _responses(app: Flask, operation: Operation) -> dict[str, Any]:
    document = strict_document(app)
    responses = document["paths"][operation.path][operation.method.lower()]["responses"]
    return {status: _resolve(document, response) for status, response in responses.items()}


def _resolve(document: Mapping[str, Any], part: Any) -> Any:
    if "$ref" in part:
        _, _, kind, name = part["$ref"].split("/")
        return document["components"][kind][name]
    return part


def _check_headers(app: Flask, documented: Mapping[str, Any], response: TestResponse, where: str) -> None:
    known = {name: _resolve(strict_document(app), header) for name, header in documented["headers"].items()}
    for name, header in known.items():
        assert name in response.headers or not header.get("required"), f"{where} has no {name}"
    assert "Idempotency-Replayed" not in response.headers or "Idempotency-Replayed" in known, where
    assert "Retry-After" not in response.headers or "Retry-After" in known, where


def _check_body(app: Flask, documented: Mapping[str, Any], response: TestResponse, where: str) -> None:
    if "content" not in documented:
        assert not response.data, where
        return
    assert response.mimetype in documented["content"], f"{where} is {response.mimetype}"
    if response.mimetype != "application/json":
        return
    text = json.dumps(documented["content"][response.mimetype]["schema"], sort_keys=True)
    plain = gzip.decompress(response.data) if "Content-Encoding" in response.headers else response.data
    errors = [
        f"{error.instance_path}: {error.message}" for error in _validator(app, text).iter_errors(json.loads(plain))
    ]
    assert not errors, f"{where} is not what the document says: {errors}"


@cache
def _validator(app: Flask, schema: str) -> Any:
    components = deepcopy(strict_document(app)["components"])
    return jsonschema_rs.Draft202012Validator({"components": components, **json.loads(schema)}, validate_formats=True)


def _write_down(operation: str, code: str) -> None:
    folder = os.environ.get(SEEN)
    if folder:
        (Path(folder) / f"{operation} {code}").touch()


def unprovoked_errors(seen: Path) -> list[Met]:
    """The errors that the document names and no answer written down in `seen` has had.

    Without those of a path that is none: such an answer is no operation's.
    """
    met = {tuple(file.name.split(" ")) for file in seen.iterdir()}
    documented = {
        (operation.id, error.code)
        for operation in operations_of(routes_alone())
        for errors in operation.errors.values()
        for error in errors
        if error is not NotFound
    }
    return sorted(documented - met)


@cache
def routes_alone() -> Flask:
    """The application for what it says of itself; it is never connected to anything."""
    uri = "mysql+pymysql://nobody@localhost/nothing"
    return create_app(Config.from_mapping({"SQLALCHEMY_DATABASE_URI": uri, "DEBUG": True}))
