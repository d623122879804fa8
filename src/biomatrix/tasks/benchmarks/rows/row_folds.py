"""Which rows of a table belong to a split: by a column that names it, or by the hash of a value."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.tasks.benchmarks.official_files.row_files import RawRow

_FOLDS: Final = {"train": range(8), "validation": range(8, 9), "test": range(9, 10)}


def is_of_fold(row: RawRow, split: str, settings: Mapping[str, Any]) -> bool:
    """Return whether a row is of a split.

    Parameters
    ----------
    row : mapping
    split : str
    settings : mapping
        ``split_column`` and ``splits``, its values for each split; or ``fold_by``, a column whose SHA-256 puts eight
        tenths of the rows in train, one in validation and one in test; every row is of the split with neither.

    Raises
    ------
    ConfigurationError
        There is no such split.
    """
    if "fold_by" in settings:
        digest = sha256(cell(row, settings["fold_by"]).encode()).digest()
        return int.from_bytes(digest[:8], "big") % 10 in _FOLDS[known_split(split, _FOLDS)]
    if "split_column" in settings:
        splits = settings["splits"]
        return cell(row, settings["split_column"]) in splits[known_split(split, splits)]
    return True


def known_split(split: str, splits: Mapping[str, Any]) -> str:
    """Return a split that there is; ConfigurationError where there is none such."""
    if split not in splits:
        raise ConfigurationError(f"no split {split!r}; there are: {', '.join(splits)}")
    return split


def cell(row: RawRow, column: str) -> str:
    """Return what a column holds, without white space around it; ParseError where it is empty or absent."""
    value = row.get(column)
    text = "" if value is None else str(value).strip()
    if not text:
        raise ParseError(f"no value in the column {column!r}", position=column)
    return text
