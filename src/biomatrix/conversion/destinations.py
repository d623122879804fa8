"""Where decoded entities go: a folder with one file per entity, or one file of many records; both stream."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from biomatrix.conversion.outputs import STANDARD_OUTPUT
from biomatrix.conversion.reading import Line
from biomatrix.entities import Entity, Modality, kind_of
from biomatrix.entities.files.folders import make_folder
from biomatrix.entities.files.writing import NotWrittenError, place_of
from biomatrix.entities.formats import extension_of, format_of, kinds_of_format, known_formats
from biomatrix.entities.writers import RecordWriter, Refusal
from biomatrix.errors import BioMatrixError, ConfigurationError, UnsupportedError

_LONGEST_NAME = 60
"""The most bytes of a record's name in the name of its file; file systems allow 255 in all."""


class Destination(ABC):
    """Receives decoded entities inside a ``with`` block; what cannot be written is refused under the line's number."""

    def __init__(self, refuse: Refusal) -> None:
        self._refuse = refuse
        self._stack = ExitStack()

    @property
    @abstractmethod
    def count(self) -> int:
        """Entities written; final once the block has ended."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be changed for the destination to hold them; final once the block has ended."""
        return ()

    @abstractmethod
    def write(self, entity: Entity, one: Modality, line: Line) -> None:
        """Write one entity, decoded from modality ``one``, or refuse it."""

    def __enter__(self) -> Destination:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)


class Folder(Destination):
    """One file per entity, in the preferred format of its modality, named by line, record and modality.

    Parameters
    ----------
    path : Path
        The folder, made where it is missing.
    refuse : callable
        See :data:`biomatrix.entities.writers.Refusal`.
    file_format : str, optional
        The format of every file, instead.
    """

    def __init__(self, path: Path, refuse: Refusal, file_format: str | None = None) -> None:
        super().__init__(refuse)
        self._path = make_folder(path)
        self._extension = None if file_format is None else known_formats()[file_format][0].extensions[0].lstrip(".")
        self._count = 0

    @property
    def count(self) -> int:
        return self._count

    def write(self, entity: Entity, one: Modality, line: Line) -> None:
        safe = "".join(character if character.isalnum() or character in "-_" else "_" for character in line.name)
        short = safe.encode()[:_LONGEST_NAME].decode(errors="ignore")
        stem = "_".join(part for part in (f"{line.number:05d}", short, one.name) if part)
        try:
            entity.to_file(self._path / f"{stem}.{self._extension or one.file_format}")
        except NotWrittenError:
            raise  # the next entity would fare no better
        except BioMatrixError as error:
            self._refuse(line.number, error)
        else:
            self._count += 1


class SingleFile(Destination):
    """One file of records of one kind: the kind of the first entity that the file's format can hold.

    Parameters
    ----------
    path : Path
    refuse : callable
        See :data:`biomatrix.entities.writers.Refusal`.
    file_format : str, optional
        The format; that of the first entity's modality when not given.
    """

    def __init__(self, path: Path, refuse: Refusal, file_format: str | None) -> None:
        super().__init__(refuse)
        self._path = path
        self._format = file_format
        self._writer: RecordWriter | None = None
        self._kind: str | None = None

    @property
    def count(self) -> int:
        return self._writer.count if self._writer else 0

    @property
    def notes(self) -> tuple[str, ...]:
        return self._writer.notes if self._writer else ()

    def write(self, entity: Entity, one: Modality, line: Line) -> None:
        if self._format is None:
            self._format = format_of("-", one.file_format)
        kinds = [self._kind] if self._kind else [owner.name for owner in kinds_of_format(self._format)]
        if entity.kind not in kinds:
            self._refuse(
                line.number,
                ConfigurationError(
                    f"a {self._format} file holds records of kind {' or '.join(kinds)}, not of kind "
                    f"{entity.kind}; give a folder instead"
                ),
            )
            return
        if self._writer is None:
            writer = kind_of(entity).writer(self._path, self._format, self._refuse)
            self._writer = self._stack.enter_context(writer)
            self._kind = entity.kind
        self._writer.write(entity, line.number)


def is_folder(path: str | Path, file_format: str | None = None) -> bool:
    """Return whether decoded entities go into a folder of that name, one file each, and not into a file.

    A folder that is there, a name given as text with a slash at its end, or, where no format is given, a name without
    an extension that no device or pipe has.
    """
    if str(path) == STANDARD_OUTPUT:
        return False
    if os.path.isdir(path) or str(path).endswith("/"):
        return True
    path = Path(path)
    return not path.suffix and file_format is None and not place_of(path).in_place


def written_format(path: Path, file_format: str | None = None) -> str | None:
    """Return the format in which a file of entities is written, by a format's name or else by the file's extension.

    None where the path has no extension, as a device.

    Raises
    ------
    UnsupportedError
        No such format is written.
    """
    formats = known_formats()
    written = [name for name, known in formats.items() if any(one.writes for one in known)]
    extensions = {extension: name for name, known in formats.items() for one in known for extension in one.extensions}
    if file_format is None and not extension_of(path):
        return None
    asked = extension_of(path) if file_format is None else f".{file_format.lower().lstrip('.')}"
    name = asked[1:] if asked[1:] in formats else extensions.get(asked)
    if name in written:
        return name
    what = f"{asked} files are only read" if name else f"no format of entities is called {asked}"
    raise UnsupportedError(
        f"{what}; written are {', '.join(written)}. Give one as the extension or with --format, or a folder",
        file=str(path),
    )


def open_destination(path: str | Path, refuse: Refusal, file_format: str | None = None) -> Destination:
    """Return the destination that a path names; see :func:`is_folder`.

    Raises
    ------
    ConfigurationError
        The folder cannot be made or written in, or standard output is given no format.
    UnsupportedError
        No such format is written.
    """
    into_folder, path = is_folder(path, file_format), Path(path)
    if into_folder:
        return Folder(path, refuse, None if file_format is None else written_format(path, file_format))
    if str(path) == STANDARD_OUTPUT:
        if file_format is None:
            raise ConfigurationError("standard output has no extension: give the format with --format")
        return SingleFile(Path("/dev/stdout"), refuse, written_format(path, file_format))
    return SingleFile(path, refuse, written_format(path, file_format))
