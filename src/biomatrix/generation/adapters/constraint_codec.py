"""Constraints and entities as JSON, for processes that hold the package and the vocabulary but not our objects.

A constraint is a dataclass; it is written as the name under which it is registered and its fields. What is in the
fields (numbers, text, tuples, mappings, entities, dataclasses of the constraint's own module) is written likewise. So
what is read can only ever be a registered constraint, whoever wrote it.
"""

from __future__ import annotations

import base64
import binascii
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.constraint import Constraint
from biomatrix.entities.kind_registry import kind, kind_of
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError
from biomatrix.generation.constraint_registry import constraint_class, constraint_names


def write_value(value: object, module: str = "") -> Any:
    """Return a value as what :mod:`json` writes: sequences as lists, what JSON lacks as an object that names it.

    Parameters
    ----------
    value : object
        A constraint, an entity, or numbers, text, sequences, sets and mappings of such.
    module : str
        The module of the constraint that the value is a field of, whose dataclasses may be written.

    Raises
    ------
    UnsupportedError
        It is or holds something else, such as a function.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Constraint):
        return {"constraint": _name_of(value), "fields": _fields(value, type(value).__module__)}
    if isinstance(value, Entity):
        return {"entity": [value.kind, value.name, base64.b64encode(kind_of(value).to_bytes(value)).decode()]}
    if isinstance(value, tuple | list):
        return [write_value(each, module) for each in value]
    if isinstance(value, Mapping):
        return {"map": [[write_value(key, module), write_value(each, module)] for key, each in value.items()]}
    if isinstance(value, frozenset):
        return {"set": sorted((write_value(each, module) for each in value), key=repr)}
    if module and is_dataclass(value) and getattr(sys.modules[module], type(value).__name__, None) is type(value):
        return {"of": type(value).__name__, "fields": _fields(value, module)}
    what = "a function as a constraint" if callable(value) else f"a {type(value).__name__}"
    raise UnsupportedError(
        f"{what} stays in this process, but this engine writes in others; use a registered constraint, as "
        "--constraint takes, or the transformers engine"
    )


def read_value(told: object) -> Any:
    """Return the value that :func:`write_value` wrote; ParseError where it is none."""
    try:
        return _read(told, "")
    except ParseError:
        raise
    except (BioMatrixError, AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise ParseError(f"a constraint does not read: {error}") from None


def _name_of(constraint: Constraint) -> str:
    cls = type(constraint)
    name = getattr(cls, "name", "")
    if name not in constraint_names() or constraint_class(name) is not cls:
        raise UnsupportedError(
            f"the constraint {cls.__name__} is not registered, so no other process knows it; register it with its "
            "kind, or use the transformers engine"
        )
    return name


def _fields(value: Any, module: str) -> dict[str, Any]:
    try:
        names = [field.name for field in fields(value) if field.init]
    except TypeError:
        raise UnsupportedError(
            f"{type(value).__name__} is no dataclass, so no other process can be told of it"
        ) from None
    return {name: write_value(getattr(value, name), module) for name in names}


def _read(told: Any, module: str) -> Any:
    if isinstance(told, list):
        return tuple(_read(each, module) for each in told)
    if not isinstance(told, dict):
        return told
    if "constraint" in told:
        return _made(constraint_class(told["constraint"]), told["fields"])
    if "entity" in told:
        return _entity(*told["entity"])
    if "map" in told:
        return {_read(key, module): _read(value, module) for key, value in told["map"]}
    if "set" in told:
        return frozenset(_read(each, module) for each in told["set"])
    cls = getattr(sys.modules[module], told["of"])
    if not (isinstance(cls, type) and is_dataclass(cls)):
        raise ParseError(f"{told['of']!r} is no part of a constraint")
    return _made(cls, told["fields"])


def _made(cls: type, told: Mapping[str, Any]) -> Any:
    return cls(**{name: _read(value, cls.__module__) for name, value in told.items()})


def _entity(owner: str, name: str, data: str) -> Entity:
    try:
        return kind(owner).from_bytes(base64.b64decode(data, validate=True), name)
    except binascii.Error as error:
        raise ParseError(f"the {owner} of a constraint does not read: {error}") from None
