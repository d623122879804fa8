"""The tables beside a matrix (``obs``, ``var``), read by ranges of rows, in every encoding AnnData has had."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.files.damage import REWRITE
from biomatrix.errors import LimitError, ParseError

if TYPE_CHECKING:
    import pandas as pd

Reader = Callable[[int, int], Any]
"""Returns the values of a column from one row up to another, as pandas takes them."""
_TEXT_BYTES: Final = 256 << 20
"""Characters of one column of text that are held, unless its file is larger."""
_ROWS: Final = 4096
_NULLABLE: Final = {"nullable-integer": "integer", "nullable-boolean": "boolean", "nullable-string-array": "string"}
_OLD_CATEGORIES: Final = "__categories"


class TableRows(ABC):
    """A table of which rows can be read.

    Parameters
    ----------
    name : str
        Such as ``obs``.
    length : int
        Its rows.
    columns : sequence of str
    """

    def __init__(self, name: str, length: int, columns: Sequence[str]) -> None:
        self.name, self.columns = name, tuple(columns)
        self._length = length

    def __len__(self) -> int:
        return self._length

    @abstractmethod
    def index(self, first: int, last: int) -> NDArray[np.object_]:
        """Return the names of rows."""

    @abstractmethod
    def column(self, name: str, first: int, last: int) -> Any:
        """Return the values of a column, as pandas takes them."""

    def whole(self, name: str) -> NDArray[np.object_]:
        """Return every value of a column."""
        return np.asarray(self.column(name, 0, len(self)), dtype=object)

    def read(self, first: int, last: int) -> pd.DataFrame:
        """Return rows as a table of pandas."""
        import pandas as pd

        index = pd.Index(self.index(first, last), dtype=object)
        return pd.DataFrame({name: self.column(name, first, last) for name in self.columns}, index=index)


class FrameRows(TableRows):
    """A table that is in memory."""

    def __init__(self, name: str, frame: pd.DataFrame) -> None:
        super().__init__(name, len(frame), [str(column) for column in frame.columns])
        self._frame = frame

    def index(self, first: int, last: int) -> NDArray[np.object_]:
        return np.asarray(self._frame.index[first:last].astype(str), dtype=object)

    def column(self, name: str, first: int, last: int) -> Any:
        return self._frame[name].array[first:last]

    def read(self, first: int, last: int) -> pd.DataFrame:
        return self._frame.iloc[first:last]


class StoredRows(TableRows):
    """A table in a file.

    Parameters
    ----------
    name : str
    length : int
    readers : mapping of str to callable
        Of each column.
    names : callable
        Of the index.
    """

    def __init__(self, name: str, length: int, readers: Mapping[str, Reader], names: Reader) -> None:
        super().__init__(name, length, tuple(readers))
        self._readers, self._names = readers, names

    def index(self, first: int, last: int) -> NDArray[np.object_]:
        return np.asarray(self._names(first, last), dtype=object)

    def column(self, name: str, first: int, last: int) -> Any:
        return self._readers[name](first, last)


def stored_table(name: str, part: Any, stored_bytes: int, old: Mapping[str, Any] | None = None) -> StoredRows:
    """Return the table of a group (AnnData from 0.7 on) or of an array of rows (before).

    Parameters
    ----------
    name : str
    part : group or array
    stored_bytes : int
        Of the file: no column of text holds much more.
    old : mapping, optional
        ``uns``, where files before 0.7 keep the names of categories.

    Raises
    ------
    ParseError
        It is no table, a column has another length than the index, or is of a type that no table holds.
    """
    if not hasattr(part, "keys"):
        return _array_of_rows(name, part, old or {})
    index_name = _word(part.attrs.get("_index"), "_index")
    if index_name not in part:
        raise ParseError(f"{name} has no column {index_name!r}, which its index should be; {REWRITE}")
    index = part[index_name]
    if hasattr(index, "keys") and "values" not in index:
        raise ParseError(f"{name}/{index_name} is not a list of names; {REWRITE}")
    names, length = _column(part, index_name, f"{name}/{index_name}", stored_bytes)
    listed = part.attrs.get("column-order")
    order = [one for one in part if one not in (index_name, _OLD_CATEGORIES)] if listed is None else list(listed)
    readers: dict[str, Reader] = {}
    for column in (_word(one, "") for one in order):
        if column not in part:
            raise ParseError(f"{name} lists a column {column!r} and does not hold it; {REWRITE}")
        readers[column], found = _column(part, column, f"{name}/{column}", stored_bytes)
        if found != length:
            raise ParseError(
                f"the column {column!r} of {name} has {found:,} values for {length:,} rows; {REWRITE}, or leave the "
                "column out"
            )
    return StoredRows(name, length, readers, _as_text(names))


def _word(value: Any, default: str) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return default if value is None else str(value)


def _as_text(read: Reader) -> Reader:
    return lambda first, last: np.array([str(one) for one in read(first, last)], dtype=object)


def _column(table: Any, column: str, label: str, stored_bytes: int) -> tuple[Reader, int]:
    """Return the reader of a column and its length."""
    part = table[column]
    if not hasattr(part, "keys"):
        read, length = array_reader(part, label, stored_bytes)
        old = part.attrs.get("categories")
        if old is not None:  # a reference to the list of them
            return _categories(read, label, table[old], False, stored_bytes), length
        return read, length
    kind = _word(part.attrs.get("encoding-type"), "")
    if kind == "categorical" and {"codes", "categories"} <= set(part):
        read, length = array_reader(part["codes"], f"{label}/codes", stored_bytes)
        ordered = bool(part.attrs.get("ordered", False))
        return _categories(read, label, part["categories"], ordered, stored_bytes), length
    if kind in _NULLABLE and {"values", "mask"} <= set(part):
        return _nullable(part, label, stored_bytes)
    raise ParseError(
        f"{label} is encoded as {kind or 'a group'!r}, which no column is: {REWRITE}, or leave the column out"
    )


def _nullable(part: Any, label: str, stored_bytes: int) -> tuple[Reader, int]:
    values, length = array_reader(part["values"], f"{label}/values", stored_bytes)
    mask, masked = array_reader(part["mask"], f"{label}/mask", stored_bytes)
    if masked != length:
        raise ParseError(f"{label} has {length:,} values and marks {masked:,} as missing or not; {REWRITE}")

    def read(first: int, last: int) -> Any:
        import pandas as pd

        found, missing = values(first, last), np.asarray(mask(first, last), dtype=bool)
        kind = np.asarray(found).dtype.kind
        if kind in "iu":
            return pd.arrays.IntegerArray(np.asarray(found), missing)
        if kind == "b":
            return pd.arrays.BooleanArray(np.asarray(found), missing)
        texts = np.asarray(found, dtype=object).copy()
        texts[missing] = None
        return texts

    return read, length


def _categories(read: Reader, label: str, names: Any, ordered: bool, stored_bytes: int) -> Reader:
    """Return the reader of a column of categories, whose names are read once."""
    if hasattr(names, "keys"):
        raise ParseError(f"the categories of {label} are of an encoding that is not read; write them as text")
    named, count = array_reader(names, f"{label}/categories", stored_bytes)
    known: list[Any] = []

    def categories(first: int, last: int) -> Any:
        import pandas as pd

        if not known:
            known.append(np.asarray(named(0, count)))
            if len(set(known[0].tolist())) != count:
                raise ParseError(f"{label} names a category twice; {REWRITE}")
        codes = np.asarray(read(first, last))
        if codes.dtype.kind not in "iu" or (len(codes) and (codes.min() < -1 or codes.max() >= count)):
            raise ParseError(f"{label} holds the number of a category that is not among its {count:,}; {REWRITE}")
        return pd.Categorical.from_codes(codes.astype(np.int64), known[0], ordered=ordered)

    return categories


def array_reader(part: Any, label: str, stored_bytes: int) -> tuple[Reader, int]:
    """Return the reader of an array of one dimension, and its length; ParseError for what no column holds."""
    shape = getattr(part, "shape", None)
    if shape is None or len(shape) != 1:
        raise ParseError(f"{label} has the shape {shape}, not one value a row; {REWRITE}, or leave the column out")
    kind = part.dtype.kind
    if kind in "iufb":
        return (lambda first, last: part[first:last]), int(shape[0])
    if kind in "OSTU" and _is_text(part):
        return _text_reader(part, label, stored_bytes), int(shape[0])
    raise ParseError(
        f"{label} holds {part.dtype}, neither numbers nor text; {REWRITE} after .astype(str), or leave the column out"
    )


def _is_text(part: Any) -> bool:
    if part.dtype.kind in "STU":
        return True
    asked = getattr(part, "asstr", None)
    if asked is None:  # Zarr, whose objects are text: its inspection lets no other codec through
        return True
    import h5py

    return h5py.check_string_dtype(part.dtype) is not None


def _text_reader(part: Any, label: str, stored_bytes: int) -> Reader:
    """Return the reader of a column of text.

    Many rows may name one long text, so rows are read few at a time in a large file and their characters counted.
    """
    most = _TEXT_BYTES + stored_bytes
    step = min(_ROWS, max(64, _TEXT_BYTES // max(stored_bytes, 1)))

    def read(first: int, last: int) -> NDArray[np.object_]:
        pieces: list[NDArray[np.object_]] = []
        held = 0
        for start in range(first, last, step):
            piece = np.asarray(part[start : min(start + step, last)], dtype=object)
            try:
                words = [one.decode() if isinstance(one, bytes) else str(one) for one in piece]
            except UnicodeDecodeError as error:
                raise ParseError(f"{label} holds text that is not UTF-8, near row {start}; {REWRITE}") from error
            held += sum(map(len, words))
            if held > most:
                raise LimitError(f"{label} holds more than {most:,} characters in a file of {stored_bytes:,} bytes")
            pieces.append(np.array(words, dtype=object))
        return np.concatenate(pieces) if pieces else np.empty(0, dtype=object)

    return read


def _array_of_rows(name: str, part: Any, old: Mapping[str, Any]) -> StoredRows:
    """Return a table of AnnData before 0.7: an array whose items are rows, the first field the index."""
    fields = part.dtype.names
    if not fields or len(part.shape) != 1:
        raise ParseError(f"{name} is neither a group nor an array of rows; {REWRITE}")

    def reader(field: str) -> Reader:
        def read(first: int, last: int) -> Any:
            found = part[first:last][field]
            if found.dtype.kind not in "OSU":
                return found
            return np.array(
                [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in found], dtype=object
            )

        return read

    readers: dict[str, Reader] = {}
    for field in fields[1:]:
        if part.dtype[field].kind not in "iufbOSU" or part.dtype[field].shape:
            raise ParseError(f"the column {field!r} of {name} holds {part.dtype[field]}, neither numbers nor text")
        names = old.get(f"{field}_categories") if part.dtype[field].kind in "iu" else None
        readers[field] = (
            reader(field) if names is None else _categories(reader(field), f"{name}/{field}", names, False, 0)
        )
    return StoredRows(name, int(part.shape[0]), readers, _as_text(reader(fields[0])))
