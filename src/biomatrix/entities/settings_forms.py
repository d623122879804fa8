"""The keys that a form of settings has: those of pydantic models and dataclasses, tables within tables included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

Place = tuple[str | int, ...]


def keys_of(form: Any) -> dict[str, Any] | None:
    """Return the keys of a form, each with the type of its value; None where it is no form."""
    if isinstance(form, type) and issubclass(form, BaseModel):
        former = dict.fromkeys(getattr(form, "former_keys", ()), Any)
        return {name: field.annotation for name, field in form.model_fields.items()} | former
    if isinstance(form, type) and is_dataclass(form):
        hints = get_type_hints(form)
        return {field.name: hints[field.name] for field in fields(form)}
    return None


def members(form: Any, inside: Place = ()) -> Iterator[Place]:
    """Yield the path of every key of a form, those of the tables in it included."""
    for name, inner in (keys_of(form) or {}).items():
        yield (*inside, name)
        yield from members(_table_in(inner), (*inside, name))


def unknown_keys(values: Any, form: Any, inside: Place = ()) -> Iterator[tuple[Place, Any, list[str]]]:
    """Yield each key of values that their form lacks: its path, its value, and the keys that there are beside it."""
    keys = keys_of(form)
    if keys is not None and isinstance(values, Mapping):
        for name, value in values.items():
            if name not in keys:
                yield (*inside, name), value, list(keys)
            else:
                yield from unknown_keys(value, _plain(keys[name]), (*inside, name))
    elif get_origin(form) is dict and isinstance(values, Mapping):
        for name, value in values.items():
            yield from unknown_keys(value, _plain(get_args(form)[1]), (*inside, name))
    elif get_origin(form) in (list, tuple) and isinstance(values, list):
        for index, value in enumerate(values):
            yield from unknown_keys(value, _plain(get_args(form)[0]), (*inside, index))


def _plain(annotation: Any) -> Any:
    """Return a type without what pydantic notes about it, and without None beside it."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _plain(get_args(annotation)[0])
    if origin in (Union, UnionType):
        rest = [one for one in get_args(annotation) if one is not type(None)]
        return _plain(rest[0]) if len(rest) == 1 else annotation
    return annotation


def _table_in(annotation: Any) -> Any:
    plain = _plain(annotation)
    return plain if keys_of(plain) is not None else None
