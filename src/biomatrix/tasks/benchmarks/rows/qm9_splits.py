"""The splits of QM9: permutations of the molecules that are kept, as the official code draws them."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError

Indices: TypeAlias = NDArray[np.int64]

TRAIN: Final = 100_000
"""Molecules of the training split: ehoogeboom/e3_diffusion_for_molecules and GRAPH-0/JODO."""
SPLITS: Final = ("train", "validation", "test", "train_classifier", "train_generator")


def split_records(kept: Indices, split: str) -> Indices:
    """Return the positions of a split, in the order of the official permutations.

    A permutation under seed 0 gives 100,000 molecules for training, the tenth part of all for testing, the rest for
    validation. Where there are no more than 100,000 in all, as in a sample, half are for training. A permutation of
    the training split under seed 42 halves it: ``train_classifier`` trains the judge of properties,
    ``train_generator`` what is judged.

    Parameters
    ----------
    kept : ndarray, shape=(n,), dtype=int64
    split : str
        One of :data:`SPLITS`.

    Raises
    ------
    ConfigurationError
        There is no such split.

    Examples
    --------
    >>> [len(split_records(np.arange(130_831), split)) for split in SPLITS]
    [100000, 17748, 13083, 50000, 50000]
    """
    if split not in SPLITS:
        raise ConfigurationError(f"QM9 has no split {split!r}; {choices(split, SPLITS)}")
    train = TRAIN if len(kept) > TRAIN else len(kept) // 2
    test = len(kept) - max(1, len(kept) // 10)
    order = kept[np.random.RandomState(0).permutation(len(kept))]
    if split in ("train", "validation", "test"):
        start, end = {"train": (0, train), "validation": (train, test), "test": (test, len(kept))}[split]
        return order[start:end]
    halves = order[:train][np.random.RandomState(42).permutation(train)]
    return halves[: train // 2] if split == "train_classifier" else halves[train // 2 :]
