"""How much a file says it holds, against how much it can hold: asked before anything is read."""

from __future__ import annotations

from math import prod
from typing import Final

from biomatrix.entities.limits import Limits
from biomatrix.errors import LimitError, ParseError

MOST_PARTS: Final = 200_000
"""Groups, arrays and attributes of one file."""
DEEPEST: Final = 64
"""Groups inside each other."""


class Declared:
    """The sizes that the parts of one file declare, added up.

    Parameters
    ----------
    limits : Limits
        ``unpacked_ratio`` is how many times its bytes a file may declare, where that is much.
    stored : int
        Bytes of the file.
    """

    def __init__(self, limits: Limits, stored: int) -> None:
        self._limits = limits
        self._stored = max(stored, 1)
        self._parts = 0
        self.bytes = 0

    def part(self, name: str) -> None:
        """Count a group, an array or an attribute."""
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise LimitError(f"{name}: more than {MOST_PARTS:,} parts in one file; leave out what is not of the cells")
        if name.count("/") > DEEPEST:
            raise LimitError(f"{name[:80]}: groups inside each other, past the limit of {DEEPEST}")

    def array(self, name: str, shape: tuple[int, ...], item: int, chunk: tuple[int, ...] | None = None) -> None:
        """Add an array of items of ``item`` bytes; of a chunked one, one chunk at least is held in memory.

        Raises
        ------
        LimitError
            The file declares more than its bytes can hold.
        ParseError
            A shape that no array has.
        """
        self.part(name)
        if any(length < 0 for length in (*shape, *(chunk or ()))):
            raise ParseError(f"{name} has the shape {shape}, which no array has")
        whole = prod(shape)
        # A chunk of an array without rows is never read, and libraries give such arrays chunks of any size.
        size = item * max(whole, prod(chunk) if chunk and whole else 0)
        self.bytes += size
        try:
            self._limits.check_ratio(self.bytes, self._stored)
        except LimitError as error:
            raise LimitError(
                f"{name} declares {size:,} bytes in a file of {self._stored:,}: {error.message}"
            ) from error
