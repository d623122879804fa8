"""The rows of a table of cells as plain values, as JSON and a cell have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pandas import DataFrame

Plain = str | float | int | bool
Columns = Mapping[str, list[Any]]
"""The columns of a table as lists, None where a value is missing."""


def columns_of(obs: DataFrame) -> Columns:
    """Return the columns of a table as lists."""
    return {str(name): obs[name].astype(object).where(obs[name].notna(), None).tolist() for name in obs.columns}


def annotations_of(columns: Columns, row: int) -> dict[str, Plain]:
    """Return one row; a missing value is left out: JSON, which records keep, has none."""
    return {name: _plain(values[row]) for name, values in columns.items() if values[row] is not None}


def _plain(value: Any) -> Plain:
    made = value.item() if isinstance(value, np.generic) else value
    return made if isinstance(made, (str, float, int, bool)) else str(made)
