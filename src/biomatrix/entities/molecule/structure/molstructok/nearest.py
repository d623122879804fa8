"""The nearest code of many atoms: single precision for all, double precision for close calls.

Legend: N atoms, L latent units, K codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.structure.frames import Array

Layer = tuple[NDArray[Any], NDArray[Any]]

_BLOCK = 1024
"""Atoms per block: the arrays of one block stay in the processor's cache."""
_DOUBT = 1e-4
"""Two scores nearer than this, relative to the spread of an atom's scores, are computed again: a hundred
times the error of single precision."""


def run_layers(layers: Sequence[Layer], values: NDArray[Any]) -> NDArray[Any]:
    """Return the output of linear layers with a ReLU between them for values [N, inputs], in the precision of both."""
    for depth, (weight, bias) in enumerate(layers):
        if depth:
            np.maximum(values, 0.0, out=values)
        values = values @ weight.T
        values += bias
    return values


class NearestCode:
    """Encoder and search through the codebook, as one callable.

    The squared distance to a row is, up to a term equal for all rows, linear in the encoder's output: the last layer
    and the search are one matrix.

    Parameters
    ----------
    layers : sequence of (weight, bias)
        The encoder, in double precision.
    codebook : ndarray, shape=(K, L), dtype=float64
    """

    def __init__(self, layers: Sequence[Layer], codebook: Array) -> None:
        # of equal rows, such as never-used zero rows, only the first can win
        self._codes = np.sort(np.unique(codebook, axis=0, return_index=True)[1]).astype(np.int16)
        rows = codebook[self._codes]
        weight, bias = layers[-1]
        search = (-rows @ weight, 0.5 * (rows * rows).sum(axis=1) - rows @ bias)
        self._exact: tuple[Layer, ...] = (*layers[:-1], search)
        self._quick: tuple[Layer, ...] = tuple((w.astype(np.float32), b.astype(np.float32)) for w, b in self._exact)

    def __call__(self, scaled_N4: NDArray[np.float32]) -> NDArray[np.int16]:
        """Return the nearest code of every normalised descriptor, ``int16 [N]``.

        The lowest code wins ties, and descriptors that are not numbers get code 0.
        """
        best = np.empty(len(scaled_N4), dtype=np.int64)
        for start in range(0, len(scaled_N4), _BLOCK):
            best[start : start + _BLOCK] = self._block(scaled_N4[start : start + _BLOCK])
        codes = self._codes[best]
        codes[np.isnan(scaled_N4).any(axis=1)] = 0
        return codes

    def _block(self, scaled: NDArray[np.float32]) -> NDArray[np.int64]:
        scores = run_layers(self._quick, scaled)
        best = scores.argmin(axis=1)
        row = np.arange(len(scores))
        lowest = scores[row, best]
        scores[row, best] = np.inf
        runner_up = scores.min(axis=1)
        doubtful = np.flatnonzero(runner_up - lowest <= _DOUBT * (1.0 + np.abs(lowest)))
        if len(doubtful):
            best[doubtful] = run_layers(self._exact, scaled[doubtful].astype(np.float64)).argmin(axis=1)
        return np.asarray(best)
