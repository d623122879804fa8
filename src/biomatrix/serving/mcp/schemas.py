"""What a tool takes and returns, as JSON schemas; short, since an agent pays for every word of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from biomatrix.serving.operations.operation import Operation

RESULT: Final = "result"
"""The key of an output that is no object."""
_DEFINITIONS: Final = "$defs"
_REFERENCE: Final = "#/$defs/"
_NAMED: Final = frozenset({"properties", _DEFINITIONS})
"""Keys of a schema below which keys are names of fields."""
_DATA: Final = frozenset({"default", "enum", "const", "required"})
"""Keys of a schema below which nothing is a schema."""


def input_schema(operation: Operation) -> dict[str, Any]:
    """Return the schema of an operation's input; the tool's description shows an example."""
    return _shortest(operation.asked.model_json_schema(mode="validation"))


def output_schema(operation: Operation) -> dict[str, Any]:
    """Return the schema of an operation's output, in which any number may be null: JSON has no NaN.

    An output that is no object stands under :data:`RESULT`: the protocol's versions before 2026 know objects alone.
    Its fields and those of its parts are described; what lies deeper is named and typed alone, as the text of an answer
    says what it is.
    """
    schema: dict[str, Any] = _nullable_numbers(operation.told.model_json_schema(mode="serialization"))
    definitions: dict[str, Any] = schema.pop(_DEFINITIONS, {})
    near = set(_references(schema))
    told = {name: one if name in near else _without("description", one) for name, one in definitions.items()}
    if schema.get("type") != "object":
        schema = {"type": "object", "properties": {RESULT: schema}, "required": [RESULT]}
    return _shortest({**schema, _DEFINITIONS: told})


def _shortest(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that says nothing twice.

    It has no titles, and no description of the whole, which is that of the tool. What is referred to once stands in its
    place; the rest is defined.
    """
    plain: dict[str, Any] = _joined(_without("title", schema))
    plain.pop("description", None)
    definitions = plain.pop(_DEFINITIONS, {})
    counts = Counter(_references([plain, definitions]))
    shared = {name: _placed(one, definitions, counts) for name, one in definitions.items() if counts[name] > 1}
    whole: dict[str, Any] = _placed(plain, definitions, counts)
    return {**whole, _DEFINITIONS: shared} if shared else whole


def _placed(value: Any, definitions: Mapping[str, Any], counts: Mapping[str, int]) -> Any:
    """Return a schema with the definitions that it alone refers to in their places."""
    if isinstance(value, list):
        return [_placed(one, definitions, counts) for one in value]
    if not isinstance(value, dict):
        return value
    told = {key: _placed(one, definitions, counts) for key, one in value.items()}
    name = _referred(told)
    if name is None or counts[name] > 1:
        return told
    return {**_placed(definitions[name], definitions, counts), **{key: told[key] for key in told if key != "$ref"}}


def _references(value: Any) -> Iterator[str]:
    """Yield the name of every definition that is referred to, as often as it is."""
    if isinstance(value, list):
        for one in value:
            yield from _references(one)
    elif isinstance(value, dict):
        name = _referred(value)
        if name is not None:
            yield name
        for one in value.values():
            yield from _references(one)


def _referred(schema: Mapping[str, Any]) -> str | None:
    reference = schema.get("$ref")
    return reference.removeprefix(_REFERENCE) if isinstance(reference, str) else None


def _without(key: str, value: Any, *, names: bool = False) -> Any:
    """Return a schema without an annotation, wherever it stands; fields of that name stay."""
    if isinstance(value, list):
        return [_without(key, one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: one if name in _DATA and not names else _without(key, one, names=not names and name in _NAMED)
        for name, one in value.items()
        if names or name != key
    }


def _joined(value: Any) -> Any:
    """Return a schema in which "a value of one type, or null" is one schema with two types."""
    if isinstance(value, list):
        return [_joined(one) for one in value]
    if not isinstance(value, dict):
        return value
    told = {key: _joined(one) for key, one in value.items()}
    match told.get("anyOf"):
        case [{"type": kind} as one, {"type": "null"}] if not _DATA & set(one):
            types = [kind] if isinstance(kind, str) else kind
            both = {**one, "type": [*types, *([] if "null" in types else ["null"])]}
            return {**both, **{key: each for key, each in told.items() if key != "anyOf"}}
    return told


def _nullable_numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_nullable_numbers(one) for one in value]
    if not isinstance(value, dict):
        return value
    told = {key: _nullable_numbers(one) for key, one in value.items()}
    if told.get("type") == "number":
        told["type"] = ["number", "null"]
    return told
