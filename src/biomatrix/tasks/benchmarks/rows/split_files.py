"""What the settings of a data set hold for a split: a file, values of a column, numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from biomatrix.errors import ConfigurationError


def of_split(values: Mapping[str, Any], split: str) -> Any:
    """Return what a setting holds for a split; ConfigurationError where the data have no such split."""
    if split not in values:
        raise ConfigurationError(f"no split {split!r}; there are: {', '.join(values)}")
    return values[split]
