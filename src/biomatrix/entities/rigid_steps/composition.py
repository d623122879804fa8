"""Steps put one after the other: the chains that codes mean, similar lengths together.

Shapes: B chains, T residues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.rigid_steps.shifts import shifted_jumps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from biomatrix.entities.rigid_steps.shifts import JumpingSteps

_ROWS: Final = 512
_RESIDUES: Final = 1 << 18
"""Limits of a block; the second counts padding, and a single chain may exceed it."""


def blocks(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Iterate over groups of the indices of non-empty chains, the longest first."""
    order = sorted((index for index, length in enumerate(lengths) if length), key=lambda index: -lengths[index])
    while order:
        room = max(1, min(_ROWS, _RESIDUES // lengths[order[0]]))
        yield order[:room]
        order = order[room:]


def rebuilt(
    chains: Sequence[NDArray[np.int64]], codebook: JumpingSteps
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the frames of the residues of chains: rotations [B, T, 3, 3] and origins [B, T, 3].

    Values after the end of a chain have no meaning.

    Parameters
    ----------
    chains : sequence of ndarray, shape=(length,), dtype=int64
        Steps; the first of each chain is not used.
    codebook : JumpingSteps
    """
    lengths = np.array([len(chain) for chain in chains])
    padded = np.zeros((len(chains), lengths.max()), dtype=np.int64)
    for row, chain in enumerate(chains):
        padded[row, : len(chain)] = chain
    steps, rotations_K33, translations_K3 = shifted_jumps(padded, lengths, codebook)
    moves_K34 = np.concatenate([rotations_K33, translations_K3[:, :, None]], axis=2)
    frame = np.broadcast_to(np.eye(3, 4), (len(chains), 3, 4))
    frames = np.empty((padded.shape[1], len(chains), 3, 4))
    frames[0] = frame
    for time in range(1, len(frames)):
        moved = frame[..., :3] @ moves_K34[steps[:, time]]
        moved[..., 3] += frame[..., 3]
        frames[time] = frame = moved
    ordered = frames.swapaxes(0, 1)
    return ordered[..., :3], ordered[..., 3]
