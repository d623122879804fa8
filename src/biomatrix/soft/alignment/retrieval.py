"""Whether the right text is among the nearest of an entity, and the reverse.

Legend of shapes: n asked, m in the pool.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

WITHIN: Final = (1, 5, 10)


@dataclass(frozen=True)
class Recall:
    """How often what belongs to the asked is among the nearest of a pool.

    Parameters
    ----------
    within : mapping of int to float
        Share of the asked whose own is among so many nearest.
    median_rank : float
        From 1, of the best of their own.
    asked, pool : int
        How many were asked, and among how many each looks.
    keys : int
        Different keys in the pool: 1 / keys is what guessing finds by key.
    """

    within: Mapping[int, float]
    median_rank: float
    asked: int
    pool: int
    keys: int

    def figures(self) -> dict[str, float]:
        """Return the figures by name."""
        found = {f"recall_{count}": share for count, share in self.within.items()}
        return {**found, "median_rank": self.median_rank, "asked": self.asked, "pool": self.pool, "keys": self.keys}


def cosine(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the cosines of rows, ``float32 [n, m]``.

    Raises
    ------
    ConfigurationError
        A vector is not finite.
    """
    for vectors in (first, second):
        if not np.isfinite(vectors).all():
            raise ConfigurationError("a vector to compare holds NaN or infinity")
    return np.asarray(_unit(first) @ _unit(second).T, dtype=np.float32)


def recall(
    likeness: NDArray[np.floating], own: Sequence[Hashable], pool: Sequence[Hashable], within: Sequence[int] = WITHIN
) -> Recall:
    """Return how often an asked row finds one of its own.

    A text as near as the right one that is not right counts before it: nobody gains by calling all texts alike.

    Parameters
    ----------
    likeness : ndarray, shape=(n, m), dtype=float
        Greater is nearer.
    own, pool : sequence of hashable
        What each row and each column belongs to: a key, or its number where each stands for itself.
    within : sequence of int

    Raises
    ------
    ConfigurationError
        The sizes differ, there is nothing to find, or a row has nothing of its own in the pool.
    """
    if likeness.shape != (len(own), len(pool)) or not len(own):
        raise ConfigurationError(f"{len(own)} asked among {len(pool)}, with similarities of shape {likeness.shape}")
    numbers = {key: at for at, key in enumerate(dict.fromkeys([*own, *pool]))}
    rows, columns = np.array([numbers[key] for key in own]), np.array([numbers[key] for key in pool])
    ranks = np.empty(len(rows), dtype=np.int64)
    for at, (row, number) in enumerate(zip(likeness, rows, strict=True)):
        mine = columns == number
        if not mine.any():
            raise ConfigurationError(f"nothing in the pool belongs to {own[at]!r}", record=at + 1)
        ranks[at] = 1 + int((row[~mine] >= row[mine].max()).sum())
    shares = {count: float((ranks <= count).mean()) for count in within}
    return Recall(shares, float(np.median(ranks)), len(rows), len(columns), len(np.unique(columns)))


def both_ways(
    entities: NDArray[np.floating],
    texts: NDArray[np.floating],
    entity_keys: Sequence[Hashable],
    text_keys: Sequence[Hashable],
) -> dict[str, Recall]:
    """Return the recall of texts by entities and of entities by texts, ``to_text`` and ``to_entity``.

    Texts whose key no entity has stay in the pool; they are not asked, as nothing could be found.
    """
    likeness = cosine(entities, texts)
    held = set(entity_keys)
    asked = [at for at, key in enumerate(text_keys) if key in held]
    return {
        "to_text": recall(likeness, entity_keys, text_keys),
        "to_entity": recall(likeness.T[asked], [text_keys[at] for at in asked], entity_keys),
    }


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    given = np.asarray(vectors, dtype=np.float64)
    return np.asarray(given / np.maximum(np.linalg.norm(given, axis=1, keepdims=True), 1e-12))
