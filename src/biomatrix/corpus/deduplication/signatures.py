"""MinHash signatures (Broder, 1997), computed by datasketch, and the bands by which similar ones meet."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from biomatrix.corpus.windows import Hashes, mixed
from biomatrix.errors import ConfigurationError

Signature = NDArray[np.uint32]
SEED: Final = 1
_SCHEME: Final = "affine32"
RECALL: Final = 0.98
"""The share of pairs at the threshold that meet in a band."""
_ROTATION: Final = 0x100000001B3


class Bands(NamedTuple):
    """How many bands a signature is cut into, and the values in each."""

    bands: int
    rows: int


def bands_of(threshold: float, permutations: int) -> Bands:
    """Return the widest bands by which pairs of a similarity meet with probability `RECALL`: 1 - (1 - s^r)^b.

    Examples
    --------
    >>> bands_of(0.8, 128)
    Bands(bands=18, rows=7)
    """
    for rows in range(permutations, 0, -1):
        count = permutations // rows
        if 1 - (1 - threshold**rows) ** count >= RECALL:
            return Bands(count, rows)
    return Bands(permutations, 1)


def require_datasketch() -> None:
    """Raise ConfigurationError where the library that computes signatures is not installed."""
    _minhash()


def signature(shingles: Hashes, permutations: int) -> Signature:
    """Return the signature, ``uint32 [permutations]``, of a set of hashed shingles."""
    parameters = _permutations(permutations)
    sketch = _minhash()(num_perm=permutations, seed=SEED, hashfunc=int, permutations=parameters, scheme=_SCHEME)
    sketch.update_batch((shingles >> np.uint64(32)).tolist())
    values: Signature = np.asarray(sketch.hashvalues, dtype=np.uint32)
    return values


def band_keys(values: Signature, bands: Bands) -> Hashes:
    """Return one key a band, ``uint64 [bands]``; equal where the values of the band are."""
    cut = values[: bands.bands * bands.rows].reshape(bands.bands, bands.rows).astype(np.uint64)
    keys = np.arange(1, bands.bands + 1, dtype=np.uint64)
    for column in cut.T:
        keys = mixed(keys * np.uint64(_ROTATION) + column)
    return keys


def agreement(first: Signature, second: Signature) -> float:
    """Return the share of equal values: an estimate of the Jaccard similarity, off by sqrt(s (1 - s) / n)."""
    return float((first == second).mean())


@cache
def _permutations(count: int) -> Any:
    return _minhash()(num_perm=count, seed=SEED, scheme=_SCHEME).permutations


@cache
def _minhash() -> Any:
    try:
        from datasketch import MinHash
    except ImportError as error:
        raise ConfigurationError(
            "near-duplicates need datasketch, which is not installed: pip install 'biomatrix[deduplication]'"
        ) from error
    return MinHash
