"""The atoms of a BinaryCIF file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

from biomatrix.entities.files.signatures import strange_content
from biomatrix.entities.limits import Limits
from biomatrix.entities.structure_files.atom_site import Column, table_of
from biomatrix.entities.structure_files.atom_table import AtomTable
from biomatrix.entities.structure_files.blocks import choose_block
from biomatrix.errors import ParseError

_FAILURES: Final = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, MemoryError, RecursionError,
    ArithmeticError, RuntimeError, StopIteration,
)  # fmt: skip
"""What broken bytes make the libraries raise."""
_HEAD: Final = 512


def read_binary_cif(content: bytes, limits: Limits) -> AtomTable:
    """Return the atoms of the first model of a BinaryCIF file.

    Raises
    ------
    ParseError
        Broken bytes, or no atoms.
    LimitError
        More atoms, or a column longer, than ``limits.atoms_per_structure``.
    """
    import msgpack  # type: ignore[import-untyped]
    from biotite.file import DeserializationError
    from biotite.structure.io.pdbx import BinaryCIFFile

    strange = strange_content(content[:_HEAD])
    if strange is not None:
        raise ParseError(f"not BinaryCIF but {strange}")
    try:
        for size in _announced_sizes(msgpack.unpackb(content)):
            # Run lengths can announce billions of rows in a few bytes.
            limits.check("atoms_per_structure", size, "length of a column")
        document = BinaryCIFFile.read(io.BytesIO(content))
        columns = {name: _column_of(document[name]["atom_site"]) for name in document if "atom_site" in document[name]}
    except (*_FAILURES, DeserializationError, msgpack.UnpackException) as error:
        raise ParseError(f"not valid BinaryCIF: {type(error).__name__} {error}"[:200]) from error
    column, notes = choose_block(columns)
    return table_of(column, limits, notes)


def _column_of(category: Any) -> Column:
    from biotite.file import DeserializationError

    def column(name: str) -> list[str | None] | None:
        try:
            if name not in category:
                return None
            values = category[name].as_array(str, masked_value="?").tolist()
            return [None if value in (".", "?") else str(value) for value in values]
        except (*_FAILURES, DeserializationError) as error:
            raise ParseError(f"the column {name} is broken: {type(error).__name__} {error}"[:200]) from error

    return column


def _announced_sizes(node: Any) -> Iterator[int]:
    """Yield the lengths that a BinaryCIF document states for its columns."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("rowCount", "srcSize") and isinstance(value, int):
                yield value
            elif isinstance(value, dict | list):
                yield from _announced_sizes(value)
    elif isinstance(node, list):
        for value in node:
            if isinstance(value, dict | list):
                yield from _announced_sizes(value)
