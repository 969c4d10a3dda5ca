"""A value that a JSON schema of ours accepts: for the examples in the API's document."""

from collections.abc import Mapping
from typing import Any


def example_of(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Any:
    """The schema's own example if it gives one, else the first thing that fits.

    A text with a pattern must give an example; so must what no type describes. Raises ValueError if it does not.
    """
    if "$ref" in schema:
        return example_of(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    if "examples" in schema:
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for option in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if option.get("type") != "null":
            return example_of(option, definitions)
    return _example_of_type(schema, definitions)


def _example_of_type(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Any:
    match schema.get("type"):
        case "object":
            return {name: example_of(part, definitions) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [example_of(schema["items"], definitions)] * max(schema.get("minItems", 0), 1)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "null":
            return None
        case "string" if "pattern" not in schema and "format" not in schema:
            return "text".ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]
    raise ValueError(f"an example is needed for {dict(schema)}")
