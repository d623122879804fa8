"""Writing the records of one file one by one: what cannot be written is refused with its reason, the rest is kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, TypeAlias

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.files.writing import NotWrittenError, write_atomically
from biomatrix.errors import BioMatrixError, UnsupportedError

Refusal: TypeAlias = Callable[[int, BioMatrixError], None]
"""Called with the number and the reason of a record that cannot be written."""


def named_anew(count: int, what: str, where: str) -> tuple[str, ...]:
    """Return the note of records that had to take other names, none where none had to."""
    return (f"{count:,} {what} that were taken, or do not fit, became others; {where} tells which",) if count else ()


class RecordWriter(ABC):
    """A file that receives entities of one kind until its ``with`` block ends; ``count`` is how many it then holds.

    ``notes`` then says what had to be changed for the file to hold them.

    The file takes its name at the end of the block. Where an error ends the block, or no record could be
    written, no file is left.
    """

    def __init__(self, path: str | Path, refuse: Refusal) -> None:
        self.path = path
        self.count = 0
        self.notes: tuple[str, ...] = ()
        self._refuse = refuse

    @abstractmethod
    def write(self, entity: Entity, number: int) -> None:
        """Add a record, or refuse it under its number, at once or at the end of the block."""

    def __enter__(self) -> RecordWriter:
        return self

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Complete the file, or leave no file where the block ended with an error."""


class AppendingWriter(RecordWriter):
    """Writes each record as it comes; memory does not grow with the file.

    Parameters
    ----------
    path : str or Path
    serialise : callable
        Returns the bytes of one record.
    refuse : callable
        See :data:`Refusal`.
    many : bool
        Whether the file may hold more than one record.
    """

    def __init__(
        self, path: str | Path, serialise: Callable[[Entity], bytes], refuse: Refusal, many: bool = True
    ) -> None:
        super().__init__(path, refuse)
        self._serialise = serialise
        self._many = many
        self._stack = ExitStack()
        self._stream: IO[bytes] | None = None

    def write(self, entity: Entity, number: int) -> None:
        try:
            if self.count and not self._many:
                raise UnsupportedError("the file holds one record; give a folder, or a format of many records")
            record = self._serialise(entity)
        except BioMatrixError as error:
            self._refuse(number, error)
            return
        if self._stream is None:
            self._stream = self._stack.enter_context(write_atomically(self.path))
        self._stream.write(record)
        self.count += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)


class CollectingWriter(RecordWriter):
    """Writes all records at the end of the block, for formats that can only be written whole.

    Where they cannot be written together, a record that does not go with the ones before it is refused.

    Parameters
    ----------
    path : str or Path
    write_all : callable
        Writes entities as the file, whole or not at all.
    refuse : callable
        See :data:`Refusal`.
    """

    def __init__(self, path: str | Path, write_all: Callable[[Sequence[Entity]], None], refuse: Refusal) -> None:
        super().__init__(path, refuse)
        self._write_all = write_all
        self._waiting: list[tuple[Entity, int]] = []
        self._kept: list[Entity] = []

    def write(self, entity: Entity, number: int) -> None:
        self._waiting.append((entity, number))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._waiting:
            self._add(self._waiting)
            self.count = len(self._kept)

    def _add(self, batch: Sequence[tuple[Entity, int]]) -> None:
        """Write the file with as many more records as it can hold; halving the batch finds those it cannot."""
        together = [*self._kept, *(entity for entity, _ in batch)]
        try:
            self._write_all(together)
        except NotWrittenError:
            raise
        except BioMatrixError as error:
            if len(batch) == 1:
                self._refuse(batch[0][1], error)
                return
            half = len(batch) // 2
            self._add(batch[:half])
            self._add(batch[half:])
        else:
            self._kept = together
