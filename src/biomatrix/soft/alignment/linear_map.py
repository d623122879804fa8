"""The linear map that any projector has to beat: ridge regression in closed form.

Legend of shapes: n pairs, m asked, x numbers of an entity (k x d), D of a text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PENALTIES: Final = (0.01, 0.03, 0.1, 0.3, 1.0)
"""In mean squared lengths of a training vector."""


@dataclass(frozen=True, eq=False)
class LinearMap:
    """A fitted map.

    Parameters
    ----------
    mean : ndarray, shape=(x,), dtype=float64
    target_mean : ndarray, shape=(D,), dtype=float64
    weights : ndarray, shape=(x, D), dtype=float64
    penalty : float
    """

    mean: Floats
    target_mean: Floats
    weights: Floats
    penalty: float

    @classmethod
    def fit(cls, vectors: NDArray[np.floating], targets: NDArray[np.floating], penalty: float) -> Self:
        """Return ridge regression of targets on vectors, by whichever of the two Gram matrices is smaller.

        Parameters
        ----------
        vectors : ndarray, shape=(n, ...), dtype=float
            Flattened to ``[n, x]``.
        targets : ndarray, shape=(n, D), dtype=float
        penalty : float
            In mean squared lengths of a centred vector, above 0.
        """
        given = _flat(vectors)
        wanted = np.asarray(targets, dtype=np.float64)
        if not penalty > 0 or len(given) != len(wanted):
            raise ConfigurationError(f"{len(given)} vectors, {len(wanted)} targets and a penalty of {penalty}")
        mean, target_mean = given.mean(axis=0), wanted.mean(axis=0)
        centred, aims = given - mean, wanted - target_mean
        ridge = penalty * max(float((centred**2).sum(axis=1).mean()), 1e-12)
        if centred.shape[1] <= len(centred):
            weights = np.linalg.solve(centred.T @ centred + ridge * np.eye(centred.shape[1]), centred.T @ aims)
        else:
            weights = centred.T @ np.linalg.solve(centred @ centred.T + ridge * np.eye(len(centred)), aims)
        return cls(mean, target_mean, weights, penalty)

    def __call__(self, vectors: NDArray[np.floating]) -> Floats:
        """Return where the map puts vectors, ``float64 [m, D]``."""
        return np.asarray((_flat(vectors) - self.mean) @ self.weights + self.target_mean)


def chosen_penalty(
    vectors: NDArray[np.floating],
    targets: NDArray[np.floating],
    held_out: Sequence[int],
    penalties: Sequence[float] = PENALTIES,
) -> float:
    """Return the penalty whose map, fitted to the other pairs, comes nearest to the held-out ones by mean cosine.

    The middle one where nothing is held out.
    """
    if not len(held_out):
        return penalties[len(penalties) // 2]
    out = np.zeros(len(targets), dtype=np.bool_)
    out[list(held_out)] = True
    wanted = _unit(np.asarray(targets, dtype=np.float64)[out])

    def likeness(penalty: float) -> float:
        fitted = LinearMap.fit(vectors[~out], targets[~out], penalty)
        return float((_unit(fitted(vectors[out])) * wanted).sum(axis=1).mean())

    return max(penalties, key=likeness)


def nearest_rows(vectors: NDArray[np.floating], asked: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the row of the nearest vector of each asked one by cosine of centred vectors, ``int64 [m]``."""
    given, wanted = _flat(vectors), _flat(asked)
    mean = given.mean(axis=0)
    return np.asarray((_unit(wanted - mean) @ _unit(given - mean).T).argmax(axis=1), dtype=np.int64)


def _flat(vectors: NDArray[np.floating]) -> Floats:
    return np.asarray(vectors, dtype=np.float64).reshape(len(vectors), -1)


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))
