"""Entities on the command line: ``--entity KIND=VALUE``, one option per kind, and ``--record`` for files of many."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, Final

import typer

from biomatrix.entities import Kind, kind, kind_names, kinds
from biomatrix.entities.formats import names_file
from biomatrix.errors import BioMatrixError, ConfigurationError

_PARAMETER: Final = "given"
_OF_KIND: Final = "entity_of_kind_"
_ENTITY: Final = typer.Option(
    "--entity", metavar="KIND=VALUE", help="An entity: a file, or what a person types for its kind; repeat for several."
)
_RECORD: Final = typer.Option(
    "--record",
    "--chain",
    metavar="[KIND=]RECORD",
    help="Which record or chain of the file: its name, or its number from 1; name the kind where files are several.",
)


@dataclass(frozen=True)
class GivenEntity:
    """What a user named: a file or a person's words for a kind, and which record of the file, if any."""

    kind: str
    value: str
    record: int | str | None = None


def entity_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of entities in place of its parameter ``given: list[GivenEntity]``.

    The kinds are those registered when the command is defined; one that joins later is named by ``--entity``.
    """
    signature = inspect.signature(function, eval_str=True)
    own = {f"{_OF_KIND}{one.name}": one for one in _kinds() if one.name not in signature.parameters}

    @wraps(function)
    def command(*, entity: list[str] | None, record: list[str] | None, **others: Any) -> None:
        words = [_split(word) for word in entity or ()]
        words += [(one.name, word) for name, one in own.items() for word in others.pop(name) or ()]
        function(**{_PARAMETER: _with_records(words, record or ())}, **others)

    options = {
        **{
            name: typer.Option(f"--{one.name}", metavar="VALUE", help=f"A {one.name}: {one.typed_as}, or a file.")
            for name, one in own.items()
        },
        "entity": _ENTITY,
        "record": _RECORD,
    }
    added = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[list[str] | None, one]
        )
        for name, one in options.items()
    ]
    kept = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in signature.parameters.values()]
    place = [one.name for one in kept].index(_PARAMETER)
    command.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*kept[:place], *added, *kept[place + 1 :]]
    )
    return command


def _kinds() -> Sequence[Kind]:
    try:
        return kinds()
    except BioMatrixError:
        return ()  # a kind that cannot be loaded: the command itself says so once it runs


def _split(word: str) -> tuple[str, str]:
    name, mark, value = word.partition("=")
    if not mark or name not in kind_names():
        raise ConfigurationError(
            f"--entity takes KIND=VALUE with a kind of {', '.join(kind_names())}, not {word[:60]!r}"
        )
    return name, value


def _with_records(words: Sequence[tuple[str, str]], records: Sequence[str]) -> list[GivenEntity]:
    """Return the entities, each record with the one file that it can be of."""
    chosen: dict[int, int | str] = {}
    for record in records:
        name, mark, value = record.partition("=")
        of = name if mark and name in kind_names() else None
        value = record if of is None else value
        files = [
            index
            for index, (other, word) in enumerate(words)
            if of in (None, other) and index not in chosen and names_file(word, kind(other))
        ]
        if len(files) != 1:
            advice = (
                "several files are given: write --record KIND=RECORD" if files else "no file is given to choose from"
            )
            raise ConfigurationError(f"--record {record!r}: {advice}")
        chosen[files[0]] = int(value) if value.isdecimal() else value
    return [GivenEntity(name, word, chosen.get(index)) for index, (name, word) in enumerate(words)]
