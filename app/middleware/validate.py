"""validate: the body or the query against a strict pydantic model, before anything touches the database."""

import json
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.errors import InvalidRequest, PayloadTooLarge, UnsupportedMediaType
from app.extensions import current_config
from app.middleware.declare import note

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=BaseModel)

MAX_NESTING = 32
_JSON_STRING = re.compile(rb'"(?:[^"\\]|\\.?)*+"?', re.DOTALL)  # possessive: linear in any text
_BRACKET = re.compile(rb"[\[\]{}]")


def validate(model: type[M]) -> Callable[[Callable[Concatenate[M, P], R]], Callable[P, R]]:
    """Pass the JSON body to the view as a `model`. An empty body counts as `{}`.

    Raises InvalidRequest (400) with every bad field in `details`, UnsupportedMediaType (415), PayloadTooLarge (413).
    """
    schema = model.model_json_schema()

    def decorate(view: Callable[Concatenate[M, P], R]) -> Callable[P, R]:
        @wraps(view)
        def check(*args: P.args, **kwargs: P.kwargs) -> R:
            raw = _read_body()
            try:
                body = model.model_validate_json(raw, strict=True)
            except ValidationError as exc:
                raise InvalidRequest(describe_errors(exc, schema, whole="body")) from None
            if getattr(model, "unique_keys", False):
                _refuse_repeated_keys(raw)
            return view(body, *args, **kwargs)

        note(check, body=model, errors=[InvalidRequest, PayloadTooLarge, UnsupportedMediaType])
        return check

    return decorate


def validate_query(model: type[M]) -> Callable[[Callable[Concatenate[M, P], R]], Callable[P, R]]:
    """Pass the query string to the view as a `model`. Raises InvalidRequest (400)."""
    schema = model.model_json_schema()

    def decorate(view: Callable[Concatenate[M, P], R]) -> Callable[P, R]:
        @wraps(view)
        def check(*args: P.args, **kwargs: P.kwargs) -> R:
            repeated = {name: "given twice" for name, values in request.args.lists() if len(values) > 1}
            if repeated:
                raise InvalidRequest(repeated)
            try:
                query = model.model_validate_strings(request.args.to_dict())
            except ValidationError as exc:
                raise InvalidRequest(describe_errors(exc, schema, whole="query")) from None
            return view(query, *args, **kwargs)

        note(check, query=model, errors=[InvalidRequest])
        return check

    return decorate


def _read_body() -> bytes:
    raw = request.get_data(cache=False)
    if len(raw) > current_config().MAX_BODY_BYTES:
        raise PayloadTooLarge
    if not raw:
        return b"{}"
    if not request.is_json:
        raise UnsupportedMediaType
    if _nesting(raw) > MAX_NESTING:
        raise InvalidRequest({"body": f"nested deeper than {MAX_NESTING} levels"})
    return raw


def _refuse_repeated_keys(raw: bytes) -> None:
    """JSON readers keep the last of two fields of one name; where both are somebody's reward neither may be lost."""
    repeated: dict[str, str] = {}

    def note_repeated(fields: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in fields]
        repeated.update({name: "given twice" for name in names if names.count(name) > 1} if len(names) > 1 else {})

    json.loads(raw, object_pairs_hook=note_repeated)
    if repeated:
        raise InvalidRequest(repeated)


def _nesting(raw: bytes) -> int:
    """The depth of arrays and objects in a JSON text, without building it."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_NESTING:
        return 0
    depth = deepest = 0
    for bracket in _BRACKET.finditer(_JSON_STRING.sub(b"", raw)):
        depth += 1 if bracket.group() in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def describe_errors(exc: ValidationError, schema: Mapping[str, Any], *, whole: str) -> dict[str, str]:
    """`{"result.score": "int >= 0 required"}`: each bad field by its path, in the words of the schema."""
    return {
        ".".join(str(part) for part in error["loc"]) or whole: _describe(error, schema)
        for error in exc.errors(include_url=False, include_input=False)
    }


def _describe(error: ErrorDetails, schema: Mapping[str, Any]) -> str:
    match error["type"]:
        case "json_invalid":
            return "malformed JSON"
        case "extra_forbidden":
            return "unknown field"
        case "less_than_equal":
            return f"int <= {error['ctx']['le']} required"
        case "value_error":
            return error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return "JSON object expected"
    expected = _expected(_node_at(error["loc"], schema))
    return f"{expected} required" if expected else error["msg"]


def _node_at(path: tuple[int | str, ...], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    node: Mapping[str, Any] = schema
    for part in path:
        node = _resolve(node, schema)
        child = node.get("items") if isinstance(part, int) else _field(node, part)
        if child is None:
            return {}
        node = child
    return _resolve(node, schema)


def _field(node: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """The schema of a field, whether the field is named in it or has a name of the client's."""
    any_name = node.get("additionalProperties") or next(iter(node.get("patternProperties", {}).values()), None)
    field = node.get("properties", {}).get(name, any_name)
    return field if isinstance(field, Mapping) else None


def _resolve(node: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow `$ref`, and of `T | None` take T."""
    for option in node.get("anyOf", ()):
        if option.get("type") != "null":
            node = option
            break
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node


def _expected(node: Mapping[str, Any]) -> str | None:
    if "enum" in node or "const" in node:
        return " or ".join(repr(value) for value in node.get("enum", [node.get("const")]))
    if "pattern" in node:
        return f"string like {node['pattern']}"
    if "maxLength" in node:
        return f"string of {node.get('minLength', 0)} to {node['maxLength']} characters"
    kind = {"integer": "int", "boolean": "bool"}.get(node.get("type", ""), node.get("type"))
    return f"{kind} >= {node['minimum']}" if "minimum" in node else kind
