"""What a file format of a kind is, and a file of which any run of records can be read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.rejects import Reject


@dataclass(frozen=True)
class FileFormat:
    """One file format of a kind.

    Parameters
    ----------
    name : str
        Its short name, such as ``sdf``.
    extensions : tuple of str
        With the leading dot, lower case, without ``.gz``. Several kinds may share one.
    many : bool
        Whether one file holds many records.
    writes : bool
        Whether it is written as well as read.
    appends : bool
        Whether a file is its records one after another, so that :meth:`Kind.record_bytes` writes it piece by piece.
    structure : bool
        Whether its records may hold coordinates.
    starts, ends : str, optional
        How the line that opens, or closes, each record of a text format begins, so that a large file can be cut without
        reading its records; ``starts`` is empty where every line is a record. Both None: the format cannot be cut.
    begins_as : str
        The format that its beginning cannot be told from, such as ``sdf`` of a ``mol`` file; "" for none.
    comments : str, optional
        How the lines begin that are no records, in a format whose every other line is one.
    ranges : str, optional
        ``module:Class`` that opens a file by its path, with the kind's reading options as keywords, and reads runs of
        its records by their numbers, a :class:`RecordRanges`, for formats that are no text and whose files may
        hold very many.
    """

    name: str
    extensions: tuple[str, ...]
    many: bool = True
    writes: bool = True
    appends: bool = False
    structure: bool = True
    starts: str | None = None
    ends: str | None = None
    comments: str | None = None
    begins_as: str = ""
    ranges: str | None = None


class RecordRanges(ABC):
    """An open file of which any run of records can be read, so that memory does not grow with their number."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of records."""

    @abstractmethod
    def read(self, first: int, last: int) -> list[Entity | Reject]:
        """Return the records from number ``first``, counted from 0, up to ``last``; a broken one as a Reject."""
