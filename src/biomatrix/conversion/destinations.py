"""Where decoded entities go: a folder with one file per entity, or one file of many records; both stream."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from biomatrix.conversion.reading import Line
from biomatrix.entities import Entity, Modality, kind_of
from biomatrix.entities.formats import format_of, kinds_of_format
from biomatrix.entities.writers import RecordWriter, Refusal
from biomatrix.errors import BioMatrixError, ConfigurationError

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
    """One file per entity, in the preferred format of its modality, named by line, record and modality."""

    def __init__(self, path: Path, refuse: Refusal) -> None:
        super().__init__(refuse)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"cannot be a folder: {error.strerror or error}", file=str(path)) from error
        self._path = path
        self._count = 0

    @property
    def count(self) -> int:
        return self._count

    def write(self, entity: Entity, one: Modality, line: Line) -> None:
        safe = "".join(character if character.isalnum() or character in "-_" else "_" for character in line.name)
        short = safe.encode()[:_LONGEST_NAME].decode(errors="ignore")
        stem = "_".join(part for part in (f"{line.number:05d}", short, one.name) if part)
        try:
            entity.to_file(self._path / f"{stem}.{one.file_format}")
        except BioMatrixError as error:
            self._refuse(line.number, error)
        else:
            self._count += 1


class SingleFile(Destination):
    """One file of records of one kind: the kind of the first entity that the file's format can hold."""

    def __init__(self, path: Path, refuse: Refusal) -> None:
        super().__init__(refuse)
        self._path = path
        self._format = format_of(path)
        self._kinds = [one.name for one in kinds_of_format(self._format)]
        self._writer: RecordWriter | None = None

    @property
    def count(self) -> int:
        return self._writer.count if self._writer else 0

    def write(self, entity: Entity, one: Modality, line: Line) -> None:
        if entity.kind not in self._kinds:
            self._refuse(
                line.number,
                ConfigurationError(
                    f"a {self._format} file holds records of kind {' or '.join(self._kinds)}, not of kind "
                    f"{entity.kind}; give a folder instead"
                ),
            )
            return
        if self._writer is None:
            writer = kind_of(entity).writer(self._path, self._format, self._refuse)
            self._writer = self._stack.enter_context(writer)
            self._kinds = [entity.kind]
        self._writer.write(entity, line.number)


def open_destination(path: Path, refuse: Refusal) -> Destination:
    """Return the destination that a path names: a file where it has an extension and is not a folder, else a folder."""
    return SingleFile(path, refuse) if path.suffix and not path.is_dir() else Folder(path, refuse)
