"""Points in space for the tests of what is measured."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray


def _rotations(rng: np.random.Generator, *shape: int) -> NDArray[np.float64]:
    q, _ = np.linalg.qr(rng.normal(size=(*shape, 3, 3)))
    return q * np.linalg.det(q)[..., None, None]


@pytest.fixture
def random_rotations() -> Callable[..., NDArray[np.float64]]:
    """Proper rotations drawn at random: ``random_rotations(rng, *shape)`` is ``float64 [*shape, 3, 3]``."""
    return _rotations
