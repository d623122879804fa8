"""Arrays on disk, mapped and kept open: what many slices look up in turn."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=256)
def mapped(path: Path) -> NDArray[Any]:
    """Return an array on disk, mapped."""
    array: NDArray[Any] = np.load(path, mmap_mode="r")
    return array
