"""A file of cells that stays open: closed by its block, or where nobody did, before the interpreter ends."""

from __future__ import annotations

import weakref
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from biomatrix.entities.cell.files.contents import Contents
from biomatrix.entities.cell.files.stores import open_cells
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits


class OpenFile:
    """An open file of cells.

    Parameters
    ----------
    path : str or Path
    limits : Limits
    contents : Contents, optional
        What the file holds, where someone else has opened it and closes it.

    Raises
    ------
    BioMatrixError
        The file cannot be opened as one of cells.
    """

    def __init__(self, path: str | Path, limits: Limits = DEFAULT_LIMITS, contents: Contents | None = None) -> None:
        self.path = Path(path)
        self._stack = ExitStack()
        # Files that nobody closed are closed before the interpreter takes its modules apart.
        weakref.finalize(self, self._stack.close)
        self.contents = self._stack.enter_context(open_cells(path, limits)) if contents is None else contents

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._stack.close()
