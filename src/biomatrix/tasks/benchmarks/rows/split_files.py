"""Which file holds a split, as the settings of a data set say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from biomatrix.errors import ConfigurationError


def of_split(values: Mapping[str, Any], split: str) -> Any:
    """Return what a setting holds for a split; ConfigurationError where the data have no such split."""
    if split not in values:
        raise ConfigurationError(f"no split {split!r}; there are: {', '.join(values)}")
    return values[split]


def file_of_split(files: Mapping[str, Any], split: str) -> str:
    """Return the path of the file of a split; ConfigurationError where the data have no such split."""
    return str(of_split(files, split))
