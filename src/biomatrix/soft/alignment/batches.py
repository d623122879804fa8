"""Which pairs stand in which batch: a pure function of the seed and the step, so that a resumed run draws the same.

Legend of shapes: n pairs, B of a batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class BatchOrder:
    """The batches of a run.

    Parameters
    ----------
    keys : ndarray, shape=(n,), dtype=int64
        Of each pair.
    batch_size : int
        At most so many pairs; all of them where there are fewer.
    seed : int
    distinct : bool
        No key twice in a batch: keys are drawn, and a pair of each. An epoch is then as many batches as take all pairs
        once, though not every pair is in one.

    Raises
    ------
    ConfigurationError
        Fewer than two pairs, or a batch of fewer.
    """

    def __init__(self, keys: NDArray[np.int64], batch_size: int, seed: int, distinct: bool = False) -> None:
        if len(keys) < 2 or batch_size < 2:
            raise ConfigurationError(f"{len(keys)} pairs in batches of {batch_size}: contrast needs two of each")
        self._keys, self._seed, self._distinct = np.asarray(keys), seed, distinct
        kinds = len(np.unique(self._keys))
        self.batch_size = min(batch_size, kinds if distinct else len(keys))
        self.per_epoch = max(1, len(keys) // self.batch_size)
        order = np.argsort(self._keys, kind="stable")
        starts = np.flatnonzero(np.diff(self._keys[order], prepend=-1))
        self._members = np.split(order, starts[1:])
        self._epoch, self._order = -1, np.empty(0, dtype=np.int64)

    def batch(self, step: int) -> NDArray[np.int64]:
        """Return the numbers of the pairs of a step, from 0, ``int64 [B]``."""
        if self._distinct:
            rng = np.random.default_rng([self._seed, step])
            drawn = rng.choice(len(self._members), self.batch_size, replace=False)
            return np.array([rng.choice(self._members[at]) for at in drawn], dtype=np.int64)
        epoch, within = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, np.random.default_rng([self._seed, epoch]).permutation(len(self._keys))
        return self._order[within * self.batch_size : (within + 1) * self.batch_size]
