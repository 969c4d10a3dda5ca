"""The API's document, OpenAPI 3.1: built once from what the decorators of every route have noted, never per request."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from string import Formatter
from typing import Any

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from werkzeug.routing import Rule, UnicodeConverter

from app.errors import (
    AppError,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    ServiceUnavailable,
    TransactionFailed,
    Unauthorized,
)
from app.middleware.declare import Answer, Declaration, declaration_of
from app.schemas.example import example_of

VERSION = "0.1.0"
ANY_OPERATION = (TransactionFailed, InternalError, ServiceUnavailable)
ANY_SEGMENT: dict[str, Any] = {"type": "string", "minLength": 1}  # a part of a path that may be anything
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CONVERTER = re.compile(r"<(?:(?P<converter>\w+)(?:\([^>]*\))?:)?(?P<name>\w+)>")
SCHEMA_REF = "#/components/schemas/{model}"
# The facts of the messages in the examples of errors; what is not here is a number.
SAMPLE_FACTS = {"reason": "The database is not available", "field": "username", "user": "demo"}

DESCRIPTION = """Laurel grants every reward exactly once, whatever is retried, killed or restarted.

A success is `{"ok": true, "data": …}`, a failure
`{"ok": false, "error": {"code", "message", "requestId", "details"?}}`. An unknown path is 404 `NOT_FOUND`, an unknown
method 405 `METHOD_NOT_ALLOWED`. Fields under `/match` and `/event` are camelCase, those under `/api/v1` snake_case.
Times are UTC. Requests refuse unknown fields, answers may gain some."""

HEADERS = {
    "X-Request-Id": {
        "description": "The id of the request, in every log line of it: the client's own, or `req_` and 8 hex digits.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$", "examples": ["req_1e8fb229"]},
    },
    "Idempotency-Replayed": {
        "description": "`true` when this is the repeat of an earlier answer and nothing was granted again.",
        "schema": {"const": "true"},
    },
    "Retry-After": {
        "description": "Seconds after which the same request is welcome again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "ETag": {"description": "The version of what is shown.", "required": True, "schema": {"type": "string"}},
    "WWW-Authenticate": {"required": True, "schema": {"const": "Bearer"}},
    "Allow": {"description": "The methods that the path has.", "required": True, "schema": {"type": "string"}},
}

HEADERS_OF_STATUS = {
    Unauthorized.status: ["WWW-Authenticate"],
    MethodNotAllowed.status: ["Allow"],
    RateLimited.status: ["Retry-After"],
    ServiceUnavailable.status: ["Retry-After"],
}

DESCRIPTION_OF_STATUS = {202: "Accepted", 304: "Not changed", 503: "Not able to serve"}

PARAMETERS = {
    "X-Request-Id": {
        "name": "X-Request-Id",
        "in": "header",
        "description": "An id of the client's own, 1 to 64 of `A-Z a-z 0-9 . _ -`; anything else is replaced.",
        "schema": {"type": "string", "examples": ["req_1e8fb229"]},
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of the answer that the client has: 304 while it is still right.",
        "schema": {"type": "string", "examples": ['"0a1b2c"']},
    },
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Makes a repeat harmless: the same key and body get the first answer again, for 7 days.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$", "examples": ["start-0001"]},
    },
}

SECURITY_SCHEMES = {
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A short-lived access token. The roles beside it are those of which one is needed; `admin` may"
        " all, `developer`, `publisher` and `moderator` may what `player` may.",
    },
    "refreshToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The refresh token of a pair; it is exchanged once, its reuse ends the whole session.",
    },
}

ERROR = {
    "type": "object",
    "description": "Every failure. `code` is for programs, `message` for people; `details` names every bad field at"
    " once or states what a client can act on.",
    "required": ["ok", "error"],
    "properties": {
        "ok": {"const": False},
        "error": {
            "type": "object",
            "required": ["code", "message", "requestId"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "requestId": {"type": "string"},
                "details": {"type": "object"},
            },
        },
    },
}


@dataclass(frozen=True)
class Operation:
    """One method of one path, with what it says about itself."""

    method: str
    rule: Rule
    declaration: Declaration
    converters: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Unique in the document: `match_finish_match`."""
        return str(self.rule.endpoint).replace(".", "_")

    @property
    def summary(self) -> str:
        """The view's name as words: `Finish match`."""
        return str(self.rule.endpoint).rsplit(".", 1)[-1].replace("_", " ").capitalize()

    @property
    def path(self) -> str:
        """`/match/{match_id}`."""
        return CONVERTER.sub(lambda part: "{" + part["name"] + "}", self.rule.rule)

    @property
    def path_parameters(self) -> dict[str, dict[str, Any]]:
        """The schema of every variable part of the path."""
        return {
            part["name"]: _converter_schema(self.converters[part["converter"] or "default"])
            for part in CONVERTER.finditer(self.rule.rule)
        }

    @property
    def is_bare(self) -> bool:
        """Whether it answers without the envelope, and so without what stands behind it."""
        return all(answer.bare for answer in self.declaration.answers)

    @cached_property
    def errors(self) -> dict[int, list[type[AppError]]]:
        """Every error that it can answer, by status."""
        known = list(self.declaration.errors)
        if not self.is_bare:
            known += ANY_OPERATION
        if any(schema != ANY_SEGMENT for schema in self.path_parameters.values()):
            known.append(NotFound)
        by_status: dict[int, list[type[AppError]]] = defaultdict(list)
        for error in dict.fromkeys(known):
            by_status[error.status].append(error)
        return dict(sorted(by_status.items()))

    @property
    def models(self) -> Iterator[tuple[type[BaseModel], JsonSchemaMode]]:
        """The models that the document needs for it."""
        for request in (self.declaration.body, self.declaration.query):
            if request is not None:
                yield request, "validation"
        for answer in self.declaration.answers:
            if answer.model is not None:
                yield answer.model, "serialization"


def operations_of(app: Flask) -> list[Operation]:
    """The declared operations of the application, in the order of its routes."""
    return [
        Operation(method, rule, declaration, app.url_map.converters)
        for rule in app.url_map.iter_rules()
        if (declaration := declaration_of(app.view_functions[rule.endpoint])).answers
        for method in METHODS
        if method in (rule.methods or ())
    ]


def document_of(app: Flask) -> dict[str, Any]:
    """The whole document."""
    operations = operations_of(app)
    models = list(dict.fromkeys(model for operation in operations for model in operation.models))
    references, definitions = models_json_schema(models, ref_template=SCHEMA_REF)
    schemas = definitions.get("$defs", {})
    paths: dict[str, dict[str, Any]] = defaultdict(lambda: {"parameters": [_ref("parameters", "X-Request-Id")]})
    for operation in operations:
        paths[operation.path][operation.method.lower()] = _describe(operation, references, schemas)
    queries = {operation.declaration.query for operation in operations} - {None}
    only_queries = {_name(references[query, "validation"]) for query in queries if query is not None}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Laurel", "version": VERSION, "description": DESCRIPTION, "license": {"name": "MIT"}},
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in dict.fromkeys(_tag(operation) for operation in operations)],
        "paths": dict(paths),
        "components": {
            "securitySchemes": SECURITY_SCHEMES,
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "schemas": {"Error": ERROR, **{n: schema for n, schema in schemas.items() if n not in only_queries}},
            "responses": _error_responses(operations),
        },
    }


def _describe(
    operation: Operation, references: Mapping[Any, dict[str, Any]], schemas: Mapping[str, Any]
) -> dict[str, Any]:
    declared = operation.declaration
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [_tag(operation)],
        "summary": operation.summary,
        "security": [{declared.security: sorted(declared.roles)}] if declared.security else [],
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": schema}
                for name, schema in operation.path_parameters.items()
            ),
            *_query_parameters(declared.query, references, schemas),
            *(_ref("parameters", header) for header in declared.headers),
            *(_ref("parameters", "If-None-Match") for answer in declared.answers if answer.etag),
        ],
        "responses": {
            **{str(answer.status): _success_response(answer, references) for answer in _successes(declared)},
            **{str(status): _ref("responses", _response_name(errors)) for status, errors in operation.errors.items()},
        },
    }
    if declared.body is not None:
        schema = references[declared.body, "validation"]
        described["requestBody"] = {
            "required": bool(schemas[_name(schema)].get("required")),
            "content": {"application/json": {"schema": schema, "example": example_of(schema, schemas)}},
        }
    return described


def _successes(declared: Declaration) -> Iterator[Answer]:
    for answer in declared.answers:
        yield answer
        if answer.etag:
            yield Answer(304, None, media_type=None, etag=True)


def _query_parameters(
    query: type[BaseModel] | None, references: Mapping[Any, dict[str, Any]], schemas: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    if query is None:
        return
    model = schemas[_name(references[query, "validation"])]
    for name, schema in model.get("properties", {}).items():
        parameter = {"name": name, "in": "query", "required": name in model.get("required", ())}
        if parameter["required"]:
            parameter["example"] = example_of(schema, schemas)
        yield {**parameter, "schema": _not_null(schema)}


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query cannot say null: of `T | None` only T."""
    options: list[dict[str, Any]] = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) != 1 or "anyOf" not in schema:
        return schema
    return {k: v for k, v in schema.items() if k not in {"anyOf", "default"} or (k == "default" and v)} | options[0]


def _success_response(answer: Answer, references: Mapping[Any, dict[str, Any]]) -> dict[str, Any]:
    headers = ["X-Request-Id", *HEADERS_OF_STATUS.get(answer.status, ())]
    if answer.replayable:
        headers.append("Idempotency-Replayed")
    if answer.etag:
        headers.append("ETag")
    response: dict[str, Any] = {
        "description": DESCRIPTION_OF_STATUS.get(answer.status, "Success"),
        "headers": {name: _ref("headers", name) for name in headers},
    }
    if answer.media_type is not None:
        plain = {"type": "object" if answer.media_type == "application/json" else "string"}
        data = references[answer.model, "serialization"] if answer.model is not None else plain
        response["content"] = {answer.media_type: {"schema": data if answer.bare else _enveloped(data)}}
    return response


def _enveloped(data: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": ["ok", "data"], "properties": {"ok": {"const": True}, "data": data}}


def _error_responses(operations: Iterable[Operation]) -> dict[str, Any]:
    """Every answer that is an error, by its name; those that are no operation's among them."""
    alike: list[list[type[AppError]]] = [[NotFound], [MethodNotAllowed]]
    for operation in operations:
        alike.extend(operation.errors.values())
    return {_response_name(errors): _error_response(errors) for errors in alike}


def _response_name(errors: Sequence[type[AppError]]) -> str:
    """Operations that answer a status with the same errors share its description."""
    return "_".join(error.__name__ for error in errors)


def _error_response(errors: Sequence[type[AppError]]) -> dict[str, Any]:
    headers = ["X-Request-Id", *HEADERS_OF_STATUS.get(errors[0].status, ())]
    codes = list(dict.fromkeys(error.code for error in errors))
    narrowed = {"properties": {"error": {"properties": {"code": {"enum": codes}}}}}
    return {
        "description": " ".join(f"`{error.code}`: {_first_line(error)}" for error in errors),
        "headers": {name: _ref("headers", name) for name in headers},
        "content": {
            "application/json": {
                "schema": {"allOf": [_ref("schemas", "Error"), narrowed]},
                "examples": {error.code: {"value": _error_example(error)} for error in errors},
            }
        },
    }


def _error_example(error: type[AppError]) -> dict[str, Any]:
    names = [name for _, name, _, _ in Formatter().parse(error.message) if name]
    shown: dict[str, Any] = {
        "code": error.code,
        "message": error.message.format(**{name: SAMPLE_FACTS.get(name, 42) for name in names}),
        "requestId": "req_1e8fb229",
    }
    if error is InvalidRequest:
        shown["details"] = {"result.score": "int >= 0 required"}
    return {"ok": False, "error": shown}


def _converter_schema(converter: Any) -> dict[str, Any]:
    """What a converter says of its values itself, else text that its expression matches."""
    known: dict[str, Any] | None = getattr(converter, "json_schema", None)
    if known is not None:
        return known
    if converter is UnicodeConverter:
        return ANY_SEGMENT
    return {"type": "string", "pattern": f"^(?:{converter.regex})$"}


def _first_line(error: type[AppError]) -> str:
    return (error.__doc__ or "").strip().splitlines()[0]


def _tag(operation: Operation) -> str:
    return str(operation.rule.endpoint).split(".")[0].replace("_", " ")


def _ref(kind: str, name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/{kind}/{name}"}


def _name(reference: Mapping[str, Any]) -> str:
    return str(reference["$ref"]).rsplit("/", 1)[-1]
