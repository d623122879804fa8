"""The cells of a file as records, one by one or in runs; what is wrong with the file is a reject."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from biomatrix.entities.cell.files.backed import CHUNK, BackedCellSet
from biomatrix.entities.cell.files.damage import reading
from biomatrix.entities.cell.files.open_file import OpenFile
from biomatrix.entities.cell.files.peaks import BackedPeaks, holds_peaks
from biomatrix.entities.choice import choose_record
from biomatrix.entities.file_format import RecordRanges
from biomatrix.entities.files.reading import STANDARD_INPUT, label_of
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.cell.entity import Cell
    from biomatrix.entities.cell.files.contents import Contents

_OF_PEAKS: Final = ("assembly", "layer", "one_based")
_SETTINGS: Final = ("values", "totals", *_OF_PEAKS)


def read_cells(path: str | Path, limits: Limits = DEFAULT_LIMITS, **settings: Any) -> Iterator[Cell | Reject]:
    """Yield the cells of a file, in memory that does not grow with their number; every one carries the file's notes."""
    label = label_of(path)
    try:
        ranges = CellRanges(path, limits, **settings)
    except BioMatrixError as error:
        yield Reject.from_error(error, label)
        return
    with ranges:
        for first in range(0, len(ranges), CHUNK):
            yield from ranges.read(first, first + CHUNK)


def read_cell(path: str | Path, record: int | str | None, limits: Limits, **settings: Any) -> Cell:
    """Return one cell: by its number from 1 or its name; the only one when neither is given."""
    unknown = sorted(set(settings) - set(_SETTINGS))
    if unknown:
        raise ConfigurationError(
            f"cells are read with {', '.join(_SETTINGS)}, not {', '.join(unknown)}", file=str(path)
        )
    with CellRanges(path, limits, **settings) as ranges:
        if isinstance(record, int) and 1 <= record <= len(ranges):
            found: Cell | Reject = ranges.read(record - 1, record)[0]
            if isinstance(found, Reject):
                raise found.as_error()
            return found
        every = (entry for first in range(0, len(ranges), CHUNK) for entry in ranges.read(first, first + CHUNK))
        chosen: Any = choose_record(every, record, label_of(path))
    cell: Cell = chosen
    return cell


class CellRanges(RecordRanges):
    """A file of cells of which runs are read.

    Parameters
    ----------
    path : str or Path
    limits : Limits
    **settings
        As of :meth:`biomatrix.CellSet.from_file`.

    Raises
    ------
    BioMatrixError
        The file cannot be opened as one of cells.
    """

    def __init__(self, path: str | Path, limits: Limits = DEFAULT_LIMITS, **settings: Any) -> None:
        if str(path) == STANDARD_INPUT:
            raise ParseError("files of cells are read from their middle: give a file, not standard input")
        self._path = path
        self._file = OpenFile(path, limits)
        try:
            self._cells = self._found(self._file.contents, settings)
        except BaseException:
            self._file.close()
            raise

    def _found(self, contents: Contents, settings: Mapping[str, Any]) -> BackedCellSet | BackedPeaks:
        """Return the cells of the open file: of peaks where it has no genes, else of genes and what peaks it has."""
        with reading(self._path):
            of_peaks = holds_peaks(contents, settings.get("layer"))
        if not of_peaks:
            return BackedCellSet(self._path, contents=contents, **settings)
        wrong = sorted(set(settings) - set(_OF_PEAKS))
        if wrong:
            raise ConfigurationError(
                f"peaks without genes are read with {', '.join(_OF_PEAKS)}, not {', '.join(wrong)}",
                file=str(self._path),
            )
        return BackedPeaks(self._path, contents=contents, **settings)

    def __enter__(self) -> CellRanges:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._cells)

    def read(self, first: int, last: int) -> list[Any]:
        """Return a run of cells; where one is broken, those before and after it are read alone."""
        last = min(last, len(self))
        try:
            return list(self._noted(first, last))
        except BioMatrixError as error:
            if last - first == 1:
                return [Reject.from_error(error, label_of(self._path), first + 1)]
        middle = (first + last) // 2
        return [*self.read(first, middle), *self.read(middle, last)]

    def _noted(self, first: int, last: int) -> Iterator[Entity]:
        from biomatrix.entities.kind_registry import kind_of

        for cell in self._cells.read(first, last):
            yield kind_of(cell).noted(cell, self._cells.notes)
