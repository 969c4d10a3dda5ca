"""The API's document: complete, valid, and its page at home."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import BaseModel

from app.middleware.declare import answers, declaration_of
from app.openapi import METHODS, VERSION, operations_of
from app.schemas.page import HistoryQuery
from config import ROOT

PAGE_ENDPOINTS = {"docs.get_start_script", "docs.get_asset"}  # files of /docs, for a browser


@pytest.fixture
def document(client: FlaskClient) -> Any:
    return client.get("/openapi.json").get_json()


def test_every_route_is_documented(app: Flask, document: Any) -> None:
    routes = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in PAGE_ENDPOINTS
        for method in set(METHODS) & (rule.methods or set())
    }
    paths = document["paths"].items()
    documented = {(method, path) for path, item in paths for method in item if method != "parameters"}
    assert documented == routes


def test_the_document_is_the_bare_openapi_3_1(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"] == VERSION
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text()


def test_it_is_built_once_and_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/openapi.json")
    again = client.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/openapi.json").data == first.data


def test_operation_ids_are_unique(app: Flask) -> None:
    ids = [operation.id for operation in operations_of(app)]
    assert len(ids) == len(set(ids))


def test_every_error_has_an_example_with_its_code(document: Any) -> None:
    for response in document["components"]["responses"].values():
        content = response["content"]["application/json"]
        codes = content["schema"]["allOf"][1]["properties"]["error"]["properties"]["code"]["enum"]
        assert {code: example["value"]["error"]["code"] for code, example in content["examples"].items()} == {
            code: code for code in codes
        }


def test_every_example_of_a_body_is_accepted_by_its_model(app: Flask, document: Any) -> None:
    for operation in operations_of(app):
        if operation.declaration.body is not None:
            content = document["paths"][operation.path][operation.method.lower()]["requestBody"]["content"]
            with app.app_context():  # some rules are configured
                operation.declaration.body.model_validate(content["application/json"]["example"])


def test_the_fields_that_a_list_selects_are_those_of_its_items(app: Flask) -> None:
    for operation in operations_of(app):
        query = operation.declaration.query
        if query is not None and issubclass(query, HistoryQuery):
            (answer,) = operation.declaration.answers
            assert answer.model is not None
            item = answer.model.__pydantic_generic_metadata__["args"][0]
            assert set(query.item_fields) == field_names(item), operation.id


def field_names(model: type[BaseModel]) -> set[str]:
    return set(model.model_json_schema(mode="serialization")["properties"])


def test_roles_and_tokens_are_documented(document: Any) -> None:
    assert document["paths"]["/match/finish"]["post"]["security"] == [{"accessToken": ["player"]}]
    assert document["paths"]["/healthz"]["get"]["security"] == []


def test_declarations_cost_a_request_nothing(app: Flask) -> None:
    """`answers` returns the view as it is."""

    def view() -> None: ...

    assert answers(204, media_type=None)(view) is view
    assert declaration_of(view).answers[0].status == 204


def fetch(client: FlaskClient, path: str) -> str:
    with client.get(path) as answer:
        assert answer.status_code == 200, path
        return answer.get_data().decode(errors="replace")


def test_the_page_loads_nothing_from_another_host(client: FlaskClient) -> None:
    for path in ("/docs", "/docs/"):
        page = client.get(path)
        assert (page.status_code, page.mimetype) == (200, "text/html")
        links = re.findall(r'(?:src|href|data-document)="([^"]*)"', page.get_data(as_text=True))
        assert len(links) == 5
        for link in links:
            assert link.startswith("/")
            assert not link.startswith("//")
            assert fetch(client, link), link
    styles = fetch(client, "/docs/swagger-ui.css")
    assert {source.strip("\"'")[:5] for source in re.findall(r"url\(([^)]*)\)", styles)} == {"data:"}
    assert "@import" not in styles
    assert "validatorUrl: null" in fetch(client, "/docs/start.js")


def test_the_browser_is_told_to_load_nothing_from_another_host(client: FlaskClient) -> None:
    """What the scripts could still try, the page's policy forbids."""
    policy = client.get("/docs").headers["Content-Security-Policy"]
    sources = dict(directive.strip().split(" ", 1) for directive in policy.split(";"))
    assert sources["default-src"] == "'none'"
    for directive, allowed in sources.items():
        assert set(allowed.split()) <= {"'none'", "'self'", "'unsafe-inline'", "data:"}, directive
    assert "unsafe-inline" not in sources["script-src"]


def test_files_beside_the_page_are_not_served(client: FlaskClient) -> None:
    for path in ("nothing.js", "../flask_swagger_ui.py", "%2e%2e/__init__.py", "..%2f__init__.py"):
        assert client.get(f"/docs/{path}").status_code == 404, path


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == "$ref")
        part = list(part.values())
    if isinstance(part, list):
        for value in part:
            yield from references(value)


def test_the_document_names_what_it_refers_to(document: Any) -> None:
    for reference in references(document):
        node = document
        for key in reference.removeprefix("#/").split("/"):
            node = node[key]
