"""The ways of writing an entity in a request: the formats and modalities of its kind, by the names of keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.kind_registry import kinds
from biomatrix.entities.modality_registry import modality_names
from biomatrix.entities.near_matches import choices, near_matches
from biomatrix.entities.registration import Kind
from biomatrix.errors import ConfigurationError

TOKENS: Final = "tokens"
RECORD: Final = "record"
_CHOICES_OF_RECORDS: Final = 4
"""The most keys beside the way."""


@dataclass(frozen=True)
class Way:
    """One way of writing entities of a kind.

    Parameters
    ----------
    name : str
        The key of a request.
    sort : {"file", "typed", "tokens"}
        The text of a file, what a person types, or a segment of tokens.
    format : str
        Of a file; "" for the others.
    modality : str
        What a typed text may be the bare tokens of; "" for the others.
    help : str
        One line for a schema.
    """

    name: str
    sort: Literal["file", "typed", "tokens"]
    format: str = ""
    modality: str = ""
    help: str = ""


def short_name(modality: str, kind: str) -> str:
    """Return a modality's name without that of its kind.

    Examples
    --------
    >>> short_name("molecule_selfies", "molecule")
    'selfies'
    """
    return modality.removeprefix(f"{kind}_")


def ways_of(kind: Kind) -> dict[str, Way]:
    """Return the ways of a kind by name: its formats, its modalities, the other extensions of its formats, tokens.

    An earlier meaning of a name counts: ``selfies`` is a line of a file of that format.
    """
    found: dict[str, Way] = {}
    for one in kind.formats:
        found[one.name] = Way(
            one.name, "file", one.name, help=f"{kind.name}: text of a {one.name} file with one record."
        )
    for name in modality_names(kind.name):
        short = short_name(name, kind.name)
        what = f"{kind.typed_as}, or tokens of {name}" if short not in found else ""
        found.setdefault(short, Way(short, "typed", modality=name, help=f"{kind.name}: {what}."))
    for one in kind.formats:
        for extension in one.extensions:
            alias = extension.lstrip(".")
            found.setdefault(alias, Way(alias, "file", one.name, help=f"{kind.name}: the same as {one.name}."))
    found.setdefault(
        TOKENS, Way(TOKENS, "tokens", help=f"A segment of any modality of a {kind.name}, control tokens included.")
    )
    return found


def ways_of_every_kind() -> dict[str, str]:
    """Return what each way is in words, over every kind; other extensions of a format, which are taken too, are not."""
    found: dict[str, str] = {}
    for kind in kinds():
        for name, way in ways_of(kind).items():
            if way.sort == "file" and way.name != way.format:
                continue
            found[name] = f"{found[name]} {way.help}" if name in found else way.help
    return found


def way_of(kind: str, given: Mapping[str, Any]) -> tuple[Way, str, dict[str, str | int]]:
    """Return how an entity of a kind is written, its text, and what chooses one record among several.

    Parameters
    ----------
    kind : str
    given : mapping
        The keys of a request beside its type.

    Raises
    ------
    ConfigurationError
        No such kind, no way or several, or a value of the wrong type. The message names the near ones.
    """
    owner = kind_named(kind)
    known = ways_of(owner)
    written = [name for name in given if name in known]
    others: dict[str, Any] = {name: value for name, value in given.items() if name not in known}
    if len(written) > 1:
        raise ConfigurationError(
            f"a {kind} is written in one way, not in {' and '.join(written)}; leave all but one out"
        )
    if not written:
        strange = next(iter(others), None)
        said = "" if strange is None else f", and {strange!r} is none of its ways"
        raise ConfigurationError(f"the {kind} is not written down{said}; {choices(strange, known)}")
    way, text = known[written[0]], given[written[0]]
    if not isinstance(text, str):
        raise ConfigurationError(f"{way.name} of a {kind} is text, not {type(text).__name__}")
    for name, value in others.items():
        near = near_matches(name, known)
        if near or way.sort != "file" or len(others) > _CHOICES_OF_RECORDS:
            allowed = f"did you mean {' or '.join(near)}, and not {way.name} beside it?" if near else "leave it out"
            raise ConfigurationError(f"{name!r} says nothing of a {kind} that is written as {way.name}; {allowed}")
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ConfigurationError(f"{name} is the number or name of a record, not {type(value).__name__}")
    return way, text, others


def full_modality(name: str, kind: str) -> str:
    """Return the full name of a modality of a kind, which a request may give without the kind's name.

    Raises
    ------
    ConfigurationError
        The kind has no such modality.
    """
    known = modality_names(kind)
    for candidate in (name, f"{kind}_{name}"):
        if candidate in known:
            return candidate
    raise ConfigurationError(f"a {kind} has no modality {name!r}; {choices(name, known)}")
