"""The closed loop: each code is chosen against the chain as the decoder will have rebuilt it so far.

Shapes: B chains, T residues, M beams, K codes, 9 = (N, CA, C) x (x, y, z).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from biomatrix.structure.geometry import RESIDUE_TEMPLATE, kabsch
from biomatrix.structure.protein.geometric.codebook import TRANS, StepCodebook

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHAINS_AT_ONCE = 64
"""Most rows of a block."""

ROW_MULTIPLE = 8
"""Blocks are padded to a multiple of this many rows, so that a matrix product treats every row alike: the same chain
gives the same codes in whatever company it is encoded."""

_COLUMNS = 64


def first_frames(atoms_B33: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frames that bring the ideal residue closest to the given one: rotations [B, 3, 3] and origins [B, 3]."""
    return kabsch(np.broadcast_to(RESIDUE_TEMPLATE, atoms_B33.shape), atoms_B33)


def closed_loop(
    atoms_BT33: NDArray[np.float64],
    kinds_BT: NDArray[np.int8],
    lengths_B: NDArray[np.int64],
    codebook: StepCodebook,
    *,
    num_beams: int,
) -> NDArray[np.int16]:
    """Choose codes so that the rebuilt atoms stay close to the given ones.

    Parameters
    ----------
    atoms_BT33 : ndarray, shape=(B, T, 3, 3), dtype=float64
        Resolved residues of chains of similar length; what follows the end of a chain is padding of any
        finite value.
    kinds_BT : ndarray, shape=(B, T), dtype=int8
        Kind of the step that leads to each residue; the first of each chain is ignored.
    lengths_B : ndarray, shape=(B,), dtype=int64
        Residues of each chain, at least one.
    codebook : StepCodebook
    num_beams : int
        Hypotheses kept for each chain; 1 is the greedy choice.

    Returns
    -------
    ndarray, shape=(B, T), dtype=int16
        What follows the end of a chain has no meaning.
    """
    if num_beams == 1:
        return _greedy(atoms_BT33, kinds_BT, codebook)
    return _beam(atoms_BT33, kinds_BT, lengths_B, codebook, num_beams)


def _greedy(atoms_BT33: NDArray[np.float64], kinds_BT: NDArray[np.int8], codebook: StepCodebook) -> NDArray[np.int16]:
    num_chains, length = kinds_BT.shape
    codes = np.full((num_chains, length), codebook.start_code, dtype=np.int16)
    rotation, origin = first_frames(atoms_BT33[:, 0])
    trans = codebook.codes_of(TRANS)
    product, norm = _distance_table(codebook.atoms[trans])
    for t in range(1, length):
        local = ((atoms_BT33[:, t] - origin[:, None]) @ rotation).reshape(num_chains, 9)
        best = (local @ product + norm).argmin(axis=1)
        for row in np.flatnonzero(kinds_BT[:, t] != TRANS):
            span = codebook.codes_of(int(kinds_BT[row, t]))
            distance = ((codebook.atoms[span].reshape(-1, 9) - local[row]) ** 2).sum(axis=1)
            best[row] = span.start + distance.argmin()
        codes[:, t] = best
        origin = origin + (rotation @ codebook.translations[best][..., None])[..., 0]
        rotation = rotation @ codebook.rotations[best]
    return codes


def _beam(
    atoms_BT33: NDArray[np.float64],
    kinds_BT: NDArray[np.int8],
    lengths_B: NDArray[np.int64],
    codebook: StepCodebook,
    num_beams: int,
) -> NDArray[np.int16]:
    num_chains, length = kinds_BT.shape
    rows = np.arange(num_chains)[:, None]
    rotation, origin = (frame[:, None].repeat(num_beams, axis=1) for frame in first_frames(atoms_BT33[:, 0]))
    total = np.full((num_chains, num_beams), np.inf)
    total[:, 0] = 0.0  # all beams start equal: let one of them speak
    taken = np.empty((length, num_chains, num_beams), dtype=np.int16)
    parents = np.empty((length, num_chains, num_beams), dtype=np.int16)
    product, norm = _distance_table(codebook.atoms[codebook.codes_of(TRANS)], multiple_of=_COLUMNS)
    width = len(norm)
    # One product gives whole totals: nine coordinates against the codes, then the two terms that are only added.
    table = np.concatenate([product, norm[None], np.ones((1, width))])
    query = np.ones((num_chains * num_beams, len(table)))
    score = np.empty((num_chains * num_beams, width))
    for t in range(1, length):
        local = (atoms_BT33[:, t, None] - origin[:, :, None]) @ rotation
        query[:, :9] = local.reshape(num_chains * num_beams, 9)
        query[:, 10] = (query[:, :9] ** 2).sum(axis=1) + total.ravel()
        np.matmul(query, table, out=score)
        pick, pick_score = _smallest(score.reshape(num_chains, num_beams * width), num_beams)
        parent, code = pick // width, pick % width
        for row in np.flatnonzero(kinds_BT[:, t] != TRANS):
            parent[row], code[row], pick_score[row] = _best_of_kind(
                local[row].reshape(num_beams, 9), total[row], codebook, int(kinds_BT[row, t])
            )
        order = pick_score.argsort(axis=1, kind="stable")
        parent, code = np.take_along_axis(parent, order, axis=1), np.take_along_axis(code, order, axis=1)
        total = np.take_along_axis(pick_score, order, axis=1)
        total = total - total[:, :1]
        rotation, origin = rotation[rows, parent], origin[rows, parent]
        origin = origin + (rotation @ codebook.translations[code][..., None])[..., 0]
        rotation = rotation @ codebook.rotations[code]
        taken[t], parents[t] = code, parent
    return _trace_back(taken, parents, lengths_B, codebook.start_code)


def _best_of_kind(
    local_M9: NDArray[np.float64], total_M: NDArray[np.float64], codebook: StepCodebook, kind: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Parents, codes and totals of the best continuations of one chain over a cis bond or a break."""
    span = codebook.codes_of(kind)
    table = codebook.atoms[span].reshape(1, -1, 9)
    score = (((table - local_M9[:, None]) ** 2).sum(axis=2) + total_M[:, None]).ravel()
    num_beams, size = len(total_M), table.shape[1]
    order = score.argsort(kind="stable")[:num_beams]
    return order // size, span.start + order % size, score[order]


def _trace_back(
    taken_TBM: NDArray[np.int16],
    parents_TBM: NDArray[np.int16],
    lengths_B: NDArray[np.int64],
    start_code: int,
) -> NDArray[np.int16]:
    """Codes of the beam that was best, so first, at the last residue of each chain: int16 [B, T]."""
    length, num_chains, _ = taken_TBM.shape
    codes = np.full((num_chains, length), start_code, dtype=np.int16)
    rows, beam = np.arange(num_chains), np.zeros(num_chains, dtype=np.int64)
    for t in range(length - 1, 0, -1):
        inside = t < lengths_B
        codes[:, t] = np.where(inside, taken_TBM[t, rows, beam], start_code)
        beam = np.where(inside, parents_TBM[t, rows, beam], 0)
    return codes


def _smallest(values_BN: NDArray[np.float64], count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Places and values of the ``count`` smallest of each row, in no order: [B, count] each.

    Laid out in columns, the smallest values stand in the ``count`` columns with the smallest minima: finding
    those first leaves a fraction of the row to partition.
    """
    num_rows = values_BN.shape[0]
    table = values_BN.reshape(num_rows, -1, _COLUMNS)
    if count >= _COLUMNS:
        pick = np.argpartition(values_BN, count - 1, axis=1)[:, :count]
        return pick, np.take_along_axis(values_BN, pick, axis=1)
    columns = np.argpartition(table.min(axis=1), count - 1, axis=1)[:, :count]
    within = np.take_along_axis(table, columns[:, None, :], axis=2).reshape(num_rows, -1)
    small = np.argpartition(within, count - 1, axis=1)[:, :count]
    pick = small // count * _COLUMNS + np.take_along_axis(columns, small % count, axis=1)
    return pick, np.take_along_axis(within, small, axis=1)


def _distance_table(
    atoms_K33: NDArray[np.float64], *, multiple_of: int = 1
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What turns a squared distance to every code into one matrix product, less the term common to all codes.

    Codes that do not exist, added to reach a multiple, are infinitely far.
    """
    flat = atoms_K33.reshape(-1, 9)
    spare = -len(flat) % multiple_of
    product = np.concatenate([-2.0 * flat.T, np.zeros((9, spare))], axis=1)
    return product, np.concatenate([(flat**2).sum(axis=1), np.full(spare, np.inf)])


def asked_of_steps(
    atoms_BT33: NDArray[np.float64], codes_BT: NDArray[np.int16], codebook: StepCodebook
) -> NDArray[np.float64]:
    """What the closed loop asked each step for: the next true atoms seen from the rebuilt frame, [B, T - 1, 9]."""
    num_chains, length = codes_BT.shape
    asked = np.empty((num_chains, length - 1, 9))
    rotation, origin = first_frames(atoms_BT33[:, 0])
    for t in range(1, length):
        asked[:, t - 1] = ((atoms_BT33[:, t] - origin[:, None]) @ rotation).reshape(num_chains, 9)
        step = codes_BT[:, t]
        origin = origin + (rotation @ codebook.translations[step][..., None])[..., 0]
        rotation = rotation @ codebook.rotations[step]
    return asked


def compose(
    steps_BT: NDArray[np.int64], rotations_K33: NDArray[np.float64], translations_K3: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Rebuild chains from steps: float32 [B, T, 3, 3], the first residue at the origin of space.

    Parameters
    ----------
    steps_BT : ndarray, shape=(B, T), dtype=int64
        Steps 0 to K - 1; the first of each chain is not used.
    rotations_K33, translations_K3 : ndarray, dtype=float64
        The steps.
    """
    num_chains, length = steps_BT.shape
    rotation = np.broadcast_to(np.eye(3), (num_chains, 3, 3))
    origin = np.zeros((num_chains, 3))
    backbone = np.empty((num_chains, length, 3, 3), dtype=np.float32)
    for t in range(length):
        if t:
            step = steps_BT[:, t]
            origin = origin + (rotation @ translations_K3[step][..., None])[..., 0]
            rotation = rotation @ rotations_K33[step]
        backbone[:, t] = RESIDUE_TEMPLATE @ rotation.swapaxes(-1, -2) + origin[:, None]
    return backbone
