"""Constraints as JSON, for processes that hold the package and the vocabulary but not our objects.

A constraint is a dataclass; it is written as the name under which its kind registers it and its fields. What is in the
fields (numbers, text, tuples, mappings, entities, dataclasses of the constraint's own module) is written likewise. So
what is read can only ever be a registered constraint.
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
from biomatrix.entities.kind_registry import kind, kind_of, kinds, load_attribute
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError


def write_constraint(constraint: object) -> dict[str, Any]:
    """Return a constraint as what :mod:`json` writes.

    Raises
    ------
    UnsupportedError
        It is a function, no registered class, or holds what cannot be written.
    """
    cls = type(constraint)
    home = f"{cls.__module__}:{cls.__qualname__}"
    name = next((f"{one.name}.{name}" for one in kinds() for name, at in one.constraints.items() if at == home), None)
    if name is None or not is_dataclass(constraint):
        what = (
            f"the constraint {cls.__name__!r}" if isinstance(constraint, Constraint) else "a function as a constraint"
        )
        raise UnsupportedError(
            f"{what} stays in this process, but this engine writes in others; use a constraint that a kind registers "
            "(as --constraint takes), or the transformers engine"
        )
    return {"constraint": name, "fields": _fields(constraint, cls.__module__)}


def read_constraint(told: object) -> Constraint:
    """Return the constraint that :func:`write_constraint` wrote; ParseError where it is none."""
    if not isinstance(told, dict) or set(told) != {"constraint", "fields"}:
        raise ParseError("a constraint is an object with its name and its fields")
    owner, _, name = str(told["constraint"]).partition(".")
    try:
        home = kind(owner).constraints.get(name)
        if home is None:
            raise ParseError(f"{owner} has no constraint {name!r}")
        made = _made(load_attribute(home), told["fields"])
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ParseError(f"the constraint {owner}.{name} does not read: {error}") from None
    if not isinstance(made, Constraint):
        raise ParseError(f"{owner}.{name} is no constraint")
    return made


def _fields(value: Any, module: str) -> dict[str, Any]:
    return {field.name: _write(getattr(value, field.name), module) for field in fields(value) if field.init}


def _write(value: Any, module: str) -> Any:
    """Return a field as JSON; sequences become lists, all else that JSON lacks an object with one key."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Entity):
        data = kind_of(value).to_bytes(value)
        return {"entity": [value.kind, value.name, base64.b64encode(data).decode()]}
    if isinstance(value, tuple | list):
        return [_write(each, module) for each in value]
    if isinstance(value, Mapping):
        return {"map": [[_write(key, module), _write(each, module)] for key, each in value.items()]}
    if isinstance(value, frozenset):
        return {"set": sorted((_write(each, module) for each in value), key=repr)}
    if is_dataclass(value) and getattr(sys.modules[module], type(value).__name__, None) is type(value):
        return {"of": type(value).__name__, "fields": _fields(value, module)}
    raise UnsupportedError(f"a constraint that holds a {type(value).__name__} cannot be told to another process")


def _made(cls: type, told: Mapping[str, Any]) -> Any:
    return cls(**{str(name): _read(value, cls.__module__) for name, value in told.items()})


def _read(told: Any, module: str) -> Any:
    if isinstance(told, list):
        return tuple(_read(each, module) for each in told)
    if not isinstance(told, dict):
        return told
    if "entity" in told:
        return _entity(*told["entity"])
    if "map" in told:
        return {_read(key, module): _read(value, module) for key, value in told["map"]}
    if "set" in told:
        return frozenset(_read(each, module) for each in told["set"])
    cls = getattr(sys.modules[module], str(told["of"]))
    if not (isinstance(cls, type) and is_dataclass(cls)):
        raise ParseError(f"{told['of']!r} is no part of a constraint")
    return _made(cls, told["fields"])


def _entity(owner: str, name: str, data: str) -> Entity:
    try:
        return kind(owner).from_bytes(base64.b64decode(data, validate=True), name)
    except (binascii.Error, BioMatrixError) as error:
        raise ParseError(f"the {owner} of a constraint does not read: {error}") from None
