"""Files of which any run of records can be read, as tables: memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import repeat
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from biomatrix.corpus.sources.tables import Table
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.file_format import RecordRanges
from biomatrix.entities.kind_registry import load_attribute
from biomatrix.entities.rejects import Reject

_ROWS: Final = 256
"""Records in memory at once."""


class RangedTable(Table):
    """A file as records numbered from 0.

    Parameters
    ----------
    path : Path
        The file.
    opener : str
        ``module:Class`` of its reader, a :class:`biomatrix.entities.registration.RecordRanges`.
    options : mapping of str to object
        What the reader is told of the file, by name.
    """

    def __init__(self, path: Path, opener: str, options: Mapping[str, Any] = MappingProxyType({})) -> None:
        super().__init__(path)
        self._opener = opener
        self._options = dict(options)

    def starts(self) -> Iterator[int | None]:
        """Yield None for each record: records are found by number."""
        return repeat(None, len(self._ranges))

    def rows(self, first: int = 0, start: int | None = None) -> Iterator[Entity | Reject]:
        """Yield the records from number ``first`` on."""
        for begin in range(first, len(self._ranges), _ROWS):
            yield from self._ranges.read(begin, begin + _ROWS)

    @cached_property
    def _ranges(self) -> RecordRanges:
        """The open file; opened where it is first read, as open files do not go to other processes."""
        opener: Callable[..., RecordRanges] = load_attribute(self._opener)
        return opener(self.path, **self._options)
