"""FoldComp databases as tables: each row the name and the PDB text of a structure, unpacked by ``foldcomp``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import repeat
from typing import Any

from biomatrix.corpus.sources.tables import Table
from biomatrix.errors import ConfigurationError, ParseError


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
    def _database(self) -> Any:
        try:
            import foldcomp
        except ImportError as error:
            raise ConfigurationError(
                "FoldComp databases need the package foldcomp: pip install 'biomatrix[sources]'"
            ) from error
        for ending in (".index", ".lookup", ".dbtype"):
            if not self.path.with_name(self.path.name + ending).is_file():
                raise ParseError(f"no {self.path.name}{ending} beside the FoldComp database", file=str(self.path))
        try:
            return foldcomp.open(str(self.path))
        except Exception as error:
            raise ParseError(f"not a FoldComp database: {error}", file=str(self.path)) from error

    def starts(self) -> Iterator[int | None]:
        """Yield None for each row: structures are found by number."""
        return repeat(None, len(self._database))

    def rows(self, first: int = 0, start: int | None = None) -> Iterator[tuple[str, str | ParseError]]:
        """Yield names and texts from number ``first`` on."""
        for number in range(first, len(self._database)):
            yield self._row(number)

    def _row(self, number: int) -> tuple[str, str | ParseError]:
        try:
            name, text = self._database[number]
        except Exception as error:  # noqa: BLE001 (likewise)
            return str(number + 1), ParseError(f"cannot be unpacked by FoldComp: {error}")
        return str(name), str(text)
