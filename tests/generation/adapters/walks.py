"""Walking ids through a guide: whether it would have allowed each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.generation.jobs import Guide


def allowed_ids(guide: Guide, state: NDArray[Any]) -> NDArray[np.int64]:
    """Return every id that may come next, ascending."""
    ranges = guide.allowed(state[None])[0]
    return np.concatenate([np.empty(0, dtype=np.int64), *(np.arange(first, stop) for first, stop in ranges)])


def stepped(guide: Guide, state: NDArray[Any], id_: int) -> NDArray[Any]:
    """Return the state after one allowed id."""
    row: NDArray[Any] = guide.advance(state[None], np.array([id_], dtype=np.int64))[0]
    return row


def ends_well(guide: Guide, state: NDArray[Any], ids: Sequence[int]) -> bool:
    """Return whether each id was allowed and the guide finished with the last."""
    for id_ in ids:
        if id_ not in allowed_ids(guide, state):
            return False
        state = stepped(guide, state, id_)
    return bool(guide.finished(state[None])[0])
