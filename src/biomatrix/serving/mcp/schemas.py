"""What a tool takes and returns, as JSON schemas that hosts of every kind can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from biomatrix.serving.operations.operation import Operation

_DEFINITIONS: Final = "$defs"
_REFERENCE: Final = "#/$defs/"


def input_schema(operation: Operation) -> dict[str, Any]:
    """Return the schema of an operation's input, with its example."""
    schema = _inlined(operation.asked.model_json_schema(mode="validation"))
    schema.setdefault("properties", {})
    schema["examples"] = [operation.example]
    return schema


def output_schema(operation: Operation) -> dict[str, Any]:
    """Return the schema of an operation's output, in which any number may be null: JSON has no NaN."""
    schema = _inlined(operation.told.model_json_schema(mode="serialization"))
    lenient: dict[str, Any] = _nullable_numbers(schema)
    return lenient


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without references, which some hosts do not follow; one that refers to itself keeps its own."""
    definitions = schema.pop(_DEFINITIONS, {})
    kept: set[str] = set()
    whole: dict[str, Any] = _resolved(schema, definitions, (), kept)
    done: dict[str, Any] = {}
    while kept - set(done):
        name = min(kept - set(done))
        done[name] = _resolved(definitions[name], definitions, (name,), kept)
    return {**whole, _DEFINITIONS: done} if done else whole


def _resolved(value: Any, definitions: Mapping[str, Any], path: tuple[str, ...], kept: set[str]) -> Any:
    if isinstance(value, list):
        return [_resolved(one, definitions, path, kept) for one in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("$ref")
    if not isinstance(reference, str):
        return {key: _resolved(one, definitions, path, kept) for key, one in value.items()}
    name = reference.removeprefix(_REFERENCE)
    if name in path or name in kept:
        kept.add(name)
        return dict(value)
    others = {key: one for key, one in value.items() if key != "$ref"}
    return {**_resolved(definitions[name], definitions, (*path, name), kept), **others}


def _nullable_numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_nullable_numbers(one) for one in value]
    if not isinstance(value, dict):
        return value
    told = {key: _nullable_numbers(one) for key, one in value.items()}
    if told.get("type") == "number":
        told["type"] = ["number", "null"]
    return told
