"""What a tool answers: a text that a language model reads, the answer as data, and the files of its entities."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from biomatrix.entities.kind_registry import kind
from biomatrix.entities.registration import FileFormat
from biomatrix.serving.mcp.resources import KeptFile, address, new_id
from biomatrix.serving.mcp.schemas import RESULT
from biomatrix.serving.schemas.entities import ToldEntity

_WHOLE: Final = "answer.json"
_LONGEST_STRING: Final = 2_000
_LONGEST_LIST: Final = 100
_SHOWN: Final = 8
"""Parts of a list that the text names."""
_NAMED: Final = 100
"""Of the others, those that are named."""
_LONGEST_TEXT: Final = 6_000
_LONGEST_LINE: Final = 300
_LONGEST_INLINE: Final = 600
"""Characters of a file that the text says as well."""
_UNREAD: Final = frozenset(
    {
        *("picture", "formats", "tokens", "segments", "asked", "model", "checks", "refused", "sample", "candidates"),
        *("seed", "seconds"),
    }
)
"""Fields that the data hold and a text is better without."""


@dataclass(frozen=True)
class Telling:
    """One answer of a tool.

    Parameters
    ----------
    id : str
        Under which its files are kept.
    text : str
    data : dict
        As the output schema says; what is long in it stands in a file.
    files : mapping of str to KeptFile
    linked : tuple of str
        The names of the files worth fetching, one an entity.
    """

    id: str
    text: str
    data: dict[str, Any]
    files: Mapping[str, KeptFile]
    linked: tuple[str, ...]


def tell(told: BaseModel) -> Telling:
    """Return what a tool answers with an operation's output."""
    id_ = new_id()
    files: dict[str, KeptFile] = {}
    linked: list[str] = []
    names: dict[int, str] = {}
    for number, entity in enumerate(_entities(told)):
        stem = f"entity-{number + 1}" if number else "entity"
        own = _files_of(entity, stem)
        files |= own
        if own:
            names[id(entity)] = _told_files(id_, own)
            linked.append(next(iter(own)))
    addresses = {file.text: address(id_, name) for name, file in files.items() if len(file.text) > _LONGEST_INLINE}
    whole = told.model_dump_json()
    data, shortened = _shortened(_as_object(json.loads(whole)), addresses)
    lines = list(_Lines(names, addresses).of(told))
    if shortened:
        files[_WHOLE] = KeptFile(whole, "application/json", "the whole answer")
        lines.append(f"shortened here: {', '.join(sorted(shortened))}; the whole answer: {address(id_, _WHOLE)}")
    text = "\n".join(lines)
    if len(text) > _LONGEST_TEXT:
        text = f"{text[:_LONGEST_TEXT]}\n... {len(text) - _LONGEST_TEXT:,} more characters"
    return Telling(id_, text or "done", data, files, tuple(linked[:_SHOWN]))


def _entities(value: Any) -> Iterator[ToldEntity]:
    """Yield every entity of an output, in the order of its fields."""
    if isinstance(value, ToldEntity):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _entities(getattr(value, name))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _entities(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _entities(one)


def _files_of(entity: ToldEntity, stem: str) -> dict[str, KeptFile]:
    """Return an entity's files by name; of one with a structure, those that hold it come first."""
    known: dict[str, FileFormat] = {one.name: one for one in kind(entity.kind).formats}
    ordered = sorted(
        entity.formats, key=lambda name: entity.has_structure and not (name in known and known[name].structure)
    )
    found = {}
    for name in ordered:
        extension = known[name].extensions[0] if name in known else f".{name}"
        found[f"{stem}{extension}"] = KeptFile(entity.formats[name], "text/plain", f"{entity.kind} as {name}")
    if entity.picture is not None:
        found[f"{stem}.svg"] = KeptFile(entity.picture, "image/svg+xml", f"drawing of the {entity.kind}")
    return found


def _told_files(id_: str, files: Mapping[str, KeptFile]) -> str:
    first, *others = files
    more = f" (also {', '.join(name.partition('.')[2] for name in others)})" if others else ""
    return f"{address(id_, first)}{more}"


class _Lines:
    """The lines of a text for a language model.

    Parameters
    ----------
    files : mapping of int to str
        What is said of the files of an entity, by the entity's ``id``.
    addresses : mapping of str to str
        Of long files, by their text.
    """

    def __init__(self, files: Mapping[int, str], addresses: Mapping[str, str]) -> None:
        self._files = files
        self._addresses = addresses

    def of(self, value: BaseModel, indent: str = "") -> Iterator[str]:
        """Yield the lines that say what a model of an output holds."""
        for name in type(value).model_fields:
            found = getattr(value, name)
            known = name in _UNREAD or _is_said_elsewhere(name, found, value)
            if not known and not (name == "finish_reason" and found == "stop"):
                yield from self._line(RESULT if name == "root" else name, found, indent)
        for check in getattr(value, "checks", ()):
            if getattr(check, "passed", None) is False:
                yield from self._line("check", check, indent)
        refused = getattr(getattr(value, "refused", None), "count", 0)
        if refused:
            yield f"{indent}drafts refused and written again: {refused}"

    def _line(self, name: str, value: Any, indent: str) -> Iterator[str]:
        label = f"{indent}{name.replace('_', ' ')}"
        if isinstance(value, ToldEntity):
            yield from self._entity(label, value, indent)
        elif isinstance(value, BaseModel):
            short = _one_line(value)
            if short is not None:
                yield f"{label}: {short}"
            else:
                yield f"{label}:"
                yield from self.of(value, f"{indent}  ")
        elif isinstance(value, list | tuple) and any(isinstance(one, BaseModel | list | tuple) for one in value):
            for number, one in enumerate(value[:_SHOWN], start=1):
                yield from self._line(f"{name} {number} of {len(value)}" if len(value) > 1 else name, one, indent)
            if len(value) > _SHOWN:
                yield f"{label}: {len(value) - _SHOWN} more: {_parts([_called(one) for one in value[_SHOWN:]], _NAMED)}"
        elif isinstance(value, list | tuple | dict):
            shown = _parts(value)
            if shown:
                yield f"{label}: {shown}"
        elif value is not None and value != "":
            yield f"{label}: {self._addresses[value] if value in self._addresses else _plain(value)}"

    def _entity(self, label: str, value: ToldEntity, indent: str) -> Iterator[str]:
        titled = f" ({value.name})" if value.name else ""
        structure = ", with a structure" if value.has_structure else ""
        yield f"{label}: {value.kind} {_cut(value.text)}{titled}{structure}"
        if id(value) in self._files:
            yield f"{indent}  files: {self._files[id(value)]}"
        yield from (f"{indent}  note: {note}" for note in value.notes[:_SHOWN])


def _is_said_elsewhere(name: str, found: Any, value: BaseModel) -> bool:
    """Return whether a field of an answer repeats others: its entity, what its confidence counts, what it states."""
    if name == "text":
        return getattr(value, "entity", None) is not None
    if name == "verdict":
        return getattr(value, "confidence", None) is not None
    return name == "values" and not any(getattr(one, "fault", None) for one in found)


def _one_line(value: BaseModel) -> str | None:
    """Return a small model on one line; None where it is large or holds others."""
    line = getattr(value, "line", None)
    if isinstance(line, str):
        return line
    told = {name: getattr(value, name) for name in type(value).model_fields}
    if any(not isinstance(one, str | int | float | None) for one in told.values()):
        return None
    if "passed" in told and "name" in told:
        return _check(told)
    shown = ", ".join(f"{name.replace('_', ' ')} {_plain(one)}" for name, one in told.items() if one not in (None, ""))
    return shown if len(shown) <= _LONGEST_LINE and "\n" not in shown else None


def _check(told: Mapping[str, Any]) -> str:
    """Return the answer of a check: its name, what it says, its value against its threshold."""
    said = {True: "yes", False: "NO", None: "could not be told"}[told["passed"]]
    unit = f" {told['unit']}" if told.get("unit") else ""
    value = "" if told.get("value") is None else f", {_plain(told['value'])}{unit}"
    threshold = "" if told.get("threshold") is None else f" (threshold {_plain(told['threshold'])})"
    return f"{told['name']}: {said}{value}{threshold}" + (f"; {told['detail']}" if told.get("detail") else "")


def _called(value: Any) -> str:
    """Return what one part of a list is called: its identifier, name, or entity."""
    entity = getattr(value, "entity", None)
    names = (getattr(entity or value, name, None) for name in ("id", "text", "name", "error"))
    return next((name for name in names if isinstance(name, str) and name), "?")


def _parts(value: Sequence[Any] | Mapping[str, Any], most: int = _SHOWN) -> str:
    """Return the first plain parts of a list or mapping, on one line."""
    if isinstance(value, Mapping):
        told = [f"{key} {_plain(one)}" for key, one in value.items() if isinstance(one, str | int | float)]
    else:
        told = [_plain(one) for one in value]
    more = f" and {len(told) - most} more" if len(told) > most else ""
    return ", ".join(told[:most]) + more


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return _cut(value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_STRING else f"{text[:_LONGEST_STRING]}... ({len(text):,} characters)"


def _as_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {RESULT: value}


def _shortened(value: dict[str, Any], addresses: Mapping[str, str]) -> tuple[dict[str, Any], set[str]]:
    """Return an output without its long strings and lists, and the names of the fields that lost something.

    A file's text becomes its address, any other long string its beginning; long lists end early. All that stays is of
    the type that the schema says.
    """
    lost: set[str] = set()

    def short(one: Any, name: str) -> Any:
        if isinstance(one, dict):
            return {key: short(inner, key) for key, inner in one.items()}
        if isinstance(one, list):
            if len(one) > _LONGEST_LIST:
                lost.add(name)
            return [short(inner, name) for inner in one[:_LONGEST_LIST]]
        if isinstance(one, str) and len(one) > _LONGEST_STRING:
            if one in addresses:
                return addresses[one]
            lost.add(name)
            return f"{one[:_LONGEST_STRING]}..."
        return one

    return {key: short(inner, key) for key, inner in value.items()}, lost
