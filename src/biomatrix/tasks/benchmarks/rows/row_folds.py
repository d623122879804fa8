"""Which rows of a table belong to a split: by a column that names it, or by the hash of a value."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from biomatrix.tasks.benchmarks.official_files.row_files import RawRow
from biomatrix.tasks.benchmarks.rows.split_files import of_split
from biomatrix.tasks.benchmarks.rows.table_examples import cell

_FOLDS: Final = {"train": range(8), "validation": range(8, 9), "test": range(9, 10)}


def is_of_fold(row: RawRow, split: str, settings: Mapping[str, Any]) -> bool:
    """Return whether a row is of a split.

    Parameters
    ----------
    row : mapping
    split : str
    settings : mapping
        ``split_column`` and ``splits``, its values for each split; or ``fold_by``, a column whose SHA-256 puts eight
        tenths of the rows in train, one in validation and one in test. With neither every row is a test row, but
        where ``files`` has one for each split.

    Raises
    ------
    ConfigurationError
        There is no such split.
    """
    if "fold_by" in settings:
        digest = sha256(cell(row, settings["fold_by"]).encode()).digest()
        return int.from_bytes(digest[:8], "big") % 10 in of_split(_FOLDS, split)
    if "split_column" in settings:
        return bool(cell(row, settings["split_column"]) in of_split(settings["splits"], split))
    return "files" in settings or split == "test"
