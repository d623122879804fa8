"""Where this package keeps what it downloads or copies for a user."""

from __future__ import annotations

import os
from pathlib import Path


def user_cache() -> Path:
    """Return ``biomatrix`` in ``XDG_CACHE_HOME``, or in ``~/.cache`` where that is not set or not absolute.

    A relative path there is not to be used, says the XDG specification.
    """
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(cache) if os.path.isabs(cache) else Path("~/.cache").expanduser()) / "biomatrix"
