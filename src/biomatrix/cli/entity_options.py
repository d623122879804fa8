"""Options that name entities: one for each registered kind, ``--entity KIND=VALUE``, and ``--record``.

A command takes a parameter ``given`` of type :class:`GivenEntities` and is wrapped by :func:`with_entity_options`. The
kinds are those registered when the command line is read, so a kind from elsewhere gets its option by itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
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


@dataclass(frozen=True)
class GivenEntities:
    """The entities that options name.

    Parameters
    ----------
    words : tuple of (str, str)
        A kind's name and what was given for it: a file, or what a person types for the kind.
    record : str, optional
        Which record of a file: its number or name, perhaps led by ``KIND=``.
    """

    words: tuple[tuple[str, str], ...] = ()
    record: str | None = None

    def read(self) -> list[Entity]:
        """Return the entities in order.

        Raises
        ------
        ConfigurationError
            A record was asked for and it is not clear of which file.
        """
        from biomatrix.entities import parse_entity

        chosen, asked = self._file_of_record()
        record = int(asked) if asked is not None and asked.isdecimal() else asked
        return [
            parse_entity(word, kind(name), record if number == chosen else None)
            for number, (name, word) in enumerate(self.words)
        ]

    def _file_of_record(self) -> tuple[int | None, str | None]:
        """Return the index of the word that the record is chosen of, and the record."""
        from biomatrix.entities.formats import names_file

        if self.record is None:
            return None, None
        owner, _, rest = self.record.partition("=")
        named = owner if rest and owner in kind_names() else None
        record = rest if named else self.record
        of_kind = [number for number, (name, _) in enumerate(self.words) if named in (None, name)]
        files = [number for number in of_kind if names_file(self.words[number][1], kind(self.words[number][0]))]
        if len(files) == 1 or (not files and len(of_kind) == 1):
            return (files or of_kind)[0], record
        if not files:
            raise ConfigurationError(f"record {record!r} is chosen of a file, but none was given")
        raise ConfigurationError(f"record {record!r} of which file? several were given: write --record KIND={record}")


def with_entity_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command whose parameter ``given`` is filled from options for entities."""
    return _EntityCommand(command)


class _EntityCommand:
    """A command function; its signature, which Typer reads, is made when it is asked for."""

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
        given = GivenEntities(tuple(words), values.pop("record"))
        self._command(**values, **{PARAMETER: given})


def _options(taken: set[str]) -> list[inspect.Parameter]:
    """Return the parameters of the options; a kind that is named like another option has none of its own."""
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
    record = typer.Option("--record", "--chain", help="Which record of the given file: its number or name.")
    return [*options, _option("entity", list[str] | None, entity), _option("record", str | None, record)]


def _option(name: str, value_type: Any, option: Any) -> inspect.Parameter:
    annotation = Annotated[value_type, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _split(given: str) -> tuple[str, str]:
    name, separator, word = given.partition("=")
    if not separator or not word:
        raise ConfigurationError(f"--entity takes KIND=VALUE, not {given[:40]!r}; kinds: {', '.join(kind_names())}")
    return kind(name).name, word
