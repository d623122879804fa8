"""FoldComp databases as tables: each row the name and the PDB text of a structure."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import Final

import numpy as np

from biomatrix.corpus.sources.foldcomp_process import FoldcompProcess
from biomatrix.corpus.sources.tables import Table
from biomatrix.errors import ConfigurationError, ParseError

_INDEX_LINES: Final = re.compile(rb"(?:\d{1,18}\t\d{1,18}\t\d{1,18}\n)*+")
_NAME_LINES: Final = re.compile(rb"(?:\d{1,18}\t[^\t\n\0]{1,1000}\t\d{1,18}\n)*+")
_PIECE: Final = 1 << 24
_FORMS: Final = {".index": _INDEX_LINES, ".lookup": _NAME_LINES}


def check_index(path: Path) -> None:
    """Raise ParseError where the index or the names of a FoldComp database are damaged: its library would crash.

    Parameters
    ----------
    path : Path
        The data file, past whose end no entry may lie.
    """
    size = path.stat().st_size
    for ending, form in _FORMS.items():
        beside = path.with_name(path.name + ending)
        line = 0
        for piece in _line_pieces(beside):
            if form.fullmatch(piece) is None:
                good = form.match(piece)
                line += 1 + piece.count(b"\n", 0, 0 if good is None else good.end())
                raise ParseError("damaged: not a line of such a file", file=str(beside), position=f"line {line}")
            line += piece.count(b"\n")
            if form is _INDEX_LINES:
                _, starts, lengths = np.fromstring(piece.decode(), dtype=np.int64, sep=" ").reshape(-1, 3).T
                if (starts + lengths > size).any():
                    raise ParseError(f"entries past the end of {path.name}, which is cut", file=str(beside))


def _line_pieces(path: Path) -> Iterator[bytes]:
    """Yield a file in pieces of whole lines; the last may lack its end."""
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            yield piece + stream.readline(_PIECE)


class FoldcompTable(Table):
    """A database, its rows pairs of name and PDB text; a structure that cannot be unpacked has its error as text.

    Parameters
    ----------
    path : Path
        The data file, beside which ``.index`` and ``.lookup`` lie.

    Raises
    ------
    ConfigurationError
        The package ``foldcomp`` is not installed.
    """

    @cached_property
    def _database(self) -> FoldcompProcess:
        if importlib.util.find_spec("foldcomp") is None:
            raise ConfigurationError("FoldComp databases need the package foldcomp: pip install 'biomatrix[sources]'")
        for ending in (".index", ".lookup", ".dbtype"):
            if not self.path.with_name(self.path.name + ending).is_file():
                raise ParseError(f"no {self.path.name}{ending} beside the FoldComp database", file=str(self.path))
        check_index(self.path)
        return FoldcompProcess(self.path)

    def starts(self) -> Iterator[int | None]:
        """Yield None for each row: structures are found by number."""
        return repeat(None, len(self._database))

    def rows(self, first: int = 0, start: int | None = None) -> Iterator[tuple[str, str | ParseError]]:
        """Yield names and texts from number ``first`` on."""
        for number in range(first, len(self._database)):
            yield self._row(number)

    def _row(self, number: int) -> tuple[str, str | ParseError]:
        try:
            return self._database[number]
        except ParseError as error:
            return str(number + 1), error
