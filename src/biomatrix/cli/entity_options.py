"""Options that name entities: one per registered kind, ``--entity KIND=VALUE``, and ``--record``.

A command takes a parameter ``given`` of type :class:`GivenEntities` and is wrapped by :func:`with_entity_options`. The
kinds are those registered when the command line is read, so a kind from another package gets its option too.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from functools import update_wrapper
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from biomatrix.entities.kind_registry import kind, kind_names, kinds
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.entities import Entity

PARAMETER: Final = "given"
_PREFIX: Final = "entity_"
_LONGEST_NUMBER: Final = 18
"""The most digits of a record's number; longer words are names."""


@dataclass(frozen=True)
class GivenEntity:
    """The entity of one option: its kind, a file or what a person types for the kind, and a record of the file."""

    kind: str
    word: str
    record: int | str | None = None

    def read(self) -> Entity:
        """Read and return the entity."""
        from biomatrix.entities import parse_entity

        return parse_entity(self.word, kind(self.kind), self.record)


@dataclass(frozen=True)
class GivenEntities:
    """The entities that options name, in order."""

    each: tuple[GivenEntity, ...] = ()

    @classmethod
    def of(cls, words: Sequence[tuple[str, str]], records: Sequence[str]) -> GivenEntities:
        """Pair each record with the only word it can belong to.

        Parameters
        ----------
        words : sequence of (str, str)
            A kind's name and the text typed for it.
        records : sequence of str
            Numbers or names of records, each optionally preceded by ``KIND=``.

        Raises
        ------
        ConfigurationError
            It is not clear to which file a record belongs.
        """
        by_place: dict[int, int | str] = {}
        for record in records:
            place, value = _place_of(record, words, by_place)
            is_number = value.isascii() and value.isdecimal() and len(value) <= _LONGEST_NUMBER
            by_place[place] = int(value) if is_number else value
        return cls(tuple(GivenEntity(name, word, by_place.get(place)) for place, (name, word) in enumerate(words)))

    def read(self) -> list[Entity]:
        """Read and return the entities in order."""
        return [one.read() for one in self.each]


def _place_of(record: str, words: Sequence[tuple[str, str]], taken: Container[int]) -> tuple[int, str]:
    """Return the place of the word that a record belongs to, and the record without its kind."""
    from biomatrix.entities.formats import names_file

    owner, _, rest = record.partition("=")
    prefix = owner if rest and owner in kind_names() else None
    value = rest if prefix else record
    of_kind = [place for place, (name, _) in enumerate(words) if prefix in (None, name) and place not in taken]
    files = [place for place in of_kind if names_file(words[place][1], kind(words[place][0]))]
    if len(files) == 1 or (not files and len(of_kind) == 1):
        return (files or of_kind)[0], value
    if not files:
        raise ConfigurationError(f"record {value!r} is chosen of a file, but none was given")
    raise ConfigurationError(f"record {value!r} of which file? several were given: write --record KIND={value}")


def with_entity_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command whose parameter ``given`` is filled from options for entities."""
    return _EntityCommand(command)


class _EntityCommand:
    """A command function; its signature, which Typer reads, is made at each access."""

    def __init__(self, command: Callable[..., None]) -> None:
        update_wrapper(self, command)
        del self.__wrapped__  # type: ignore[attr-defined]  # it has another signature
        self.__annotations__: dict[str, Any] = {}
        self._command = command

    @property
    def __signature__(self) -> inspect.Signature:
        own = inspect.signature(self._command, eval_str=True)
        keyword = inspect.Parameter.KEYWORD_ONLY
        kept = [parameter.replace(kind=keyword) for name, parameter in own.parameters.items() if name != PARAMETER]
        place = list(own.parameters).index(PARAMETER)
        taken = {parameter.name for parameter in kept}
        return inspect.Signature([*kept[:place], *_options(taken), *kept[place:]])

    def __call__(self, **values: Any) -> None:
        by_kind = {name: values.pop(_PREFIX + name, None) or () for name in kind_names()}
        words = [(name, word) for name, given in by_kind.items() for word in given]
        words += map(_split, values.pop("entity") or ())
        given = GivenEntities.of(words, values.pop("record") or ())
        self._command(**values, **{PARAMETER: given})


def _options(taken: set[str]) -> list[inspect.Parameter]:
    """Return the parameters of the options; a kind with the name of another option gets none of its own."""
    options = [
        _option(
            _PREFIX + one.name,
            list[str] | None,
            typer.Option(
                f"--{one.name.replace('_', '-')}",
                metavar="VALUE",
                help=f"A {one.name}: {one.typed_as}, or a file; repeatable.",
            ),
        )
        for one in kinds()
        if one.name not in taken | {"entity", "record", "chain", "help"}
    ]
    listed = ", ".join(kind_names())
    entity = typer.Option("--entity", metavar="KIND=VALUE", help=f"An entity of any kind ({listed}); repeatable.")
    record = typer.Option(
        "--record", "--chain", metavar="[KIND=]RECORD", help="Which record or chain of the file: number or name."
    )
    return [*options, _option("entity", list[str] | None, entity), _option("record", list[str] | None, record)]


def _option(name: str, value_type: Any, option: Any) -> inspect.Parameter:
    annotation = Annotated[value_type, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _split(text: str) -> tuple[str, str]:
    name, separator, word = text.partition("=")
    if not separator or not word:
        raise ConfigurationError(f"--entity takes KIND=VALUE, not {text[:40]!r}; kinds: {', '.join(kind_names())}")
    return kind(name).name, word
