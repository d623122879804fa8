"""Files of entities of any kind: every record of a file, whatever it holds, and entities back into one file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.choice import choose_record
from biomatrix.entities.fasta import FORMAT as FASTA
from biomatrix.entities.fasta import read_fasta
from biomatrix.entities.files.paths import LONGEST_PATH, is_folder
from biomatrix.entities.files.reading import STANDARD_INPUT, label_of
from biomatrix.entities.formats import extension_of, format_of, kinds_of_format, names_file, read_format_of
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.kind_registry import kinds
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.reading_options import reading_options
from biomatrix.entities.registration import Kind
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError

_SHARED: Final = {FASTA: read_fasta}
"""Formats in which each record may be of a different kind."""


class Records(list[Entity]):
    """The entities of a file in order; ``rejects`` lists the records that could not be read, with their reasons."""

    def __init__(self, entities: Iterable[Entity] = (), rejects: Sequence[Reject] = ()) -> None:
        super().__init__(entities)
        self.rejects = list(rejects)


def read(
    path: str | Path,
    *,
    kind: str | None = None,
    file_format: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    **settings: Any,
) -> Records:
    """Return every entity of a file, of whatever kind.

    Parameters
    ----------
    path : str or Path
        A file, gzipped or not; ``-`` for standard input.
    kind : str, optional
        What the file holds, where its format may hold several kinds.
    file_format : str, optional
        The format, where neither name nor content shows it.
    limits : Limits
        The sizes past which a record or the file is refused.
    **settings
        What the kind's reader can be told of the file, such as ``layer`` for cells; most take none.

    Returns
    -------
    Records
        A list of entities; records that could not be read are in its ``rejects``.

    Raises
    ------
    BioMatrixError
        Nothing could be read; the error is that of the first reject.
    """
    records = Records()
    for entry in read_entities(path, kind=kind, file_format=file_format, limits=limits, **settings):
        if isinstance(entry, Reject):
            records.rejects.append(entry)
        else:
            records.append(entry)
    if not records and records.rejects:
        raise records.rejects[0].as_error()
    return records


def read_entities(
    path: str | Path,
    *,
    kind: str | None = None,
    file_format: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    **settings: Any,
) -> Iterator[Entity | Reject]:
    """Yield every record of a file as an entity, or as a Reject with its reason; see :func:`read`.

    Raises
    ------
    ConfigurationError, UnsupportedError
        The format is unknown, or not one of the kind asked for, or a setting is none of its reader's; the content of a
        file never raises.
    """
    candidates = _candidates(kind)
    name = read_format_of(path, file_format, candidates)
    owners = _of_extension(path, name, kinds_of_format(name, candidates))
    options = reading_options(owners[0], settings, label_of(path)) if settings else {}
    if name in _SHARED:
        yield from _SHARED[name](path, owners, asked=kind is not None, limits=limits)
    elif len(owners) > 1 and not options and str(path) != STANDARD_INPUT:  # which can be read once
        yield from _of_every_kind(path, name, owners, limits)
    else:
        yield from owners[0].read(path, name, limits=limits, **options)


def _of_extension(path: str | Path, name: str, owners: tuple[Kind, ...]) -> tuple[Kind, ...]:
    """Return the kinds whose description of a format has the extension of a file, as some say the kind; else all."""
    extension = extension_of(path)
    own = tuple(
        one for one in owners if any(each.name == name and extension in each.extensions for each in one.formats)
    )
    return own or owners


def _of_every_kind(path: str | Path, name: str, owners: Sequence[Kind], limits: Limits) -> Iterator[Entity | Reject]:
    """Yield the records of each kind that a file holds; that it holds none of one is said only where it holds none.

    A reject of the file as a whole counts where its reader had found records before, as of a file that is cut.
    """
    empty: list[Reject] = []
    found = False
    told: set[tuple[object, ...]] = set()
    for one in owners:
        own, earlier = False, frozenset(told)
        for entry in one.read(path, name, limits=limits):
            if isinstance(entry, Reject) and entry.record is None and not own:
                empty.append(entry)
            else:
                own = found = True
                if isinstance(entry, Reject):
                    what = (entry.record, entry.position, entry.reason)
                    if what in earlier:  # of no kind that its reader could tell: said by each of them
                        continue
                    told.add(what)
                yield entry
    if not found:
        yield from empty[:1]


def read_entity(
    path: str | Path,
    record: int | str | None = None,
    *,
    kind: str | None = None,
    file_format: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    **settings: Any,
) -> Entity:
    """Return one record of a file: by its number from 1 or its name; the only one when neither is given.

    ``settings`` are what a kind's own reader takes besides, such as ``context`` for proteins.

    Raises
    ------
    ParseError
        The record is broken or missing, or there are several and ``record`` is None.
    """
    candidates = _candidates(kind)
    format_name = read_format_of(path, file_format, candidates)
    owners = _of_extension(path, format_name, kinds_of_format(format_name, candidates))
    if format_name in _SHARED:
        if settings:
            raise ConfigurationError(f"{format_name} files are read without {', '.join(settings)}", file=label_of(path))
        entries = _SHARED[format_name](path, owners, asked=kind is not None, limits=limits)
        return choose_record(entries, record, label_of(path))
    failure: BioMatrixError | None = None
    for one in owners if len(owners) > 1 and not settings and str(path) != STANDARD_INPUT else owners[:1]:
        try:
            return one.read_one(path, format_name, record, limits=limits, **settings)
        except BioMatrixError as error:
            failure = failure or error
    assert failure is not None
    raise failure


def write_entities(entities: Sequence[Entity], path: str | Path, **settings: Any) -> None:
    """Write entities of one kind to one file, whole or not at all.

    Parameters
    ----------
    entities : sequence of Entity
    path : str or Path
        Its extension names the format; gzipped where it ends in .gz.
    **settings
        What the kind's writer takes, such as ``v3000`` for molecules.

    Raises
    ------
    ConfigurationError
        Nothing to write, or the entities are of several kinds, or of one that the format does not hold.
    """
    if not entities:
        raise ConfigurationError("there is nothing to write", file=str(path))
    counts = Counter(entity.kind for entity in entities)
    format_name = format_of(path)
    owners = [one.name for one in kinds_of_format(format_name)]
    others = sum(count for name, count in counts.items() if name not in owners)
    if others or len(counts) > 1:
        held = ", ".join(f"{count} of kind {name}" for name, count in counts.items())
        raise ConfigurationError(
            f"a {format_name} file holds records of kind {' or '.join(owners)}, not {held}; give a folder instead",
            file=str(path),
        )
    try:
        kind_named(entities[0].kind).write(entities, path, format_name, **settings)
    except BioMatrixError as error:
        raise error.at(file=str(path)) from error.__cause__


def parse_entity(given: str, of: Kind, record: int | str | None = None, *, limits: Limits = DEFAULT_LIMITS) -> Entity:
    """Return the entity of a user's word: the record of a file, or what a person types for that kind."""
    if names_file(given, of):
        return read_entity(given, record, kind=of.name, limits=limits)
    if record is not None:
        raise ConfigurationError(f"a record or chain is chosen from a file; {given[:40]!r} is {of.typed_as}")
    try:
        return of.parse(given, limits=limits)
    except ParseError as error:
        reason = _no_file(given)
        raise (type(error)(f"{error.message}; {reason}", record=error.record) if reason else error) from error.__cause__


def _no_file(given: str) -> str:
    """Return what to say of the file that a word may have been meant to name; "" for a word that looks like none."""
    if given == STANDARD_INPUT:
        return "standard input is not read here"
    if is_folder(given):
        return f"{given!r} is a folder: name a file in it"
    looks = len(given) <= LONGEST_PATH and (given.startswith(("~", ".", "/")) or extension_of(given)[1:].isalnum())
    return "and there is no file of that name" if looks else ""


def _candidates(name: str | None) -> tuple[Kind, ...]:
    return kinds() if name is None else (kind_named(name),)
