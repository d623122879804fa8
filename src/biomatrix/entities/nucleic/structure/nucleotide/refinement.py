"""Rounds in the closed loop: each code moves to the mean of the nucleotides it was chosen for.

Shapes: n nucleotides, m of them bonded ones that were coded, K codes.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.nucleic.structure.nucleotide.beads import BEADS, bead_frames
from biomatrix.entities.nucleic.structure.nucleotide.search import StepSearch
from biomatrix.entities.rigid_steps.clusters import means_of
from biomatrix.entities.rigid_steps.probe import turns_by
from biomatrix.entities.rigid_steps.shifts import shifted_jumps

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from biomatrix.entities.nucleic.structure.nucleotide.codebook import NucleotideCodebook
    from biomatrix.entities.nucleic.structure.nucleotide.plan import NucleotideFit
    from biomatrix.entities.nucleic.structure.nucleotide.search import BeamSearch
    from biomatrix.entities.nucleic.structure.nucleotide.strands import Nucleotides, TargetBlock

logger = logging.getLogger(__name__)

_CATCHING_UP = 3.0
"""Angstrom: a rebuilt nucleotide farther than this from its place is on its way back from a break."""


@dataclass(frozen=True)
class Wanted:
    """What bonded codes were chosen for.

    Parameters
    ----------
    atoms : ndarray, shape=(m, 15, 3), dtype=float64
        True atoms seen from the rebuilt frame before them, NaN where missing.
    codes : ndarray, shape=(m,), dtype=int64
    """

    atoms: NDArray[np.float64]
    codes: NDArray[np.int64]


def refined(
    draw: Callable[[], Nucleotides],
    codebook: NucleotideCodebook,
    search: BeamSearch,
    settings: NucleotideFit,
    rng: np.random.Generator,
) -> tuple[NucleotideCodebook, Wanted]:
    """Move the beads and frames of bonded codes to the means of what they were chosen for, round after round.

    ``draw`` returns the strands of a draw.

    Returns
    -------
    codebook : NucleotideCodebook
        With the shapes of before.
    wanted : Wanted
        Of the last round.
    """
    for round_number in range(settings.closed_rounds + 1):
        parts = [wanted_in_loop(draw(), codebook, search, settings, rng) for _ in range(settings.restarts)]
        wanted = Wanted(np.concatenate([part.atoms for part in parts]), np.concatenate([part.codes for part in parts]))
        beads = wanted.atoms[:, BEADS]
        error = np.sqrt(((beads - codebook.beads[wanted.codes]) ** 2).sum(axis=2).mean(axis=1))
        logger.info("round %d: rms error %.4f A", round_number, np.sqrt((error[error < _CATCHING_UP] ** 2).mean()))
        if round_number < settings.closed_rounds:
            regular = error < _CATCHING_UP
            codebook = with_beads(codebook, beads[regular], wanted.codes[regular])
    return codebook, wanted


def with_beads(
    codebook: NucleotideCodebook, beads: NDArray[np.float64], codes: NDArray[np.int64]
) -> NucleotideCodebook:
    """Return the codebook with bonded codes at the means of beads [m, 3, 3]; a code not in use stays."""
    count = codebook.start_code
    means = means_of(beads.reshape(-1, 9), codes, count).reshape(-1, 3, 3)
    unused = np.bincount(codes, minlength=count) == 0
    means[unused] = codebook.beads[:count][unused]
    rotations, translations = codebook.rotations.copy(), codebook.translations.copy()
    rotations[:count], translations[:count] = bead_frames(means)
    shapes = codebook.shapes.copy()
    shapes[:count, BEADS] = (means - translations[:count, None]) @ rotations[:count]
    return replace(codebook, rotations=rotations, translations=translations, shapes=shapes)


def wanted_in_loop(
    nucleotides: Nucleotides,
    codebook: NucleotideCodebook,
    search: BeamSearch,
    settings: NucleotideFit,
    rng: np.random.Generator,
) -> Wanted:
    """Encode strands from first frames that are turned and moved at random; see `Wanted`.

    Nucleotides whose last digit a jump before them prescribes are left out.
    """
    steps = StepSearch(codebook, search)
    atoms, codes = [], []
    for block, times, rows, numbers in nucleotides.blocks(search.points, search.max_rows):
        count = len(block.lengths)
        first = np.tile(np.eye(4), (count, 1, 1))
        first[:, :3, :3] = turns_by(rng.normal(scale=settings.start_turn, size=(count, 3)))
        first[:, :3, 3] = rng.normal(scale=settings.start_shift, size=(count, 3))
        chosen = steps.codes(block, first.astype(np.float32)).astype(np.int64)
        free = ~_bound(block, codebook.shifts.num_stages)[times, rows] & (times > 0)
        times, rows, numbers = times[free], rows[free], numbers[free]
        frames = _seen_in_loop(block, chosen, codebook, first)[times, rows]
        atoms.append(nucleotides.own[numbers] @ frames[:, :3, :3].swapaxes(1, 2) + frames[:, None, :3, 3])
        codes.append(chosen[times, rows])
    return Wanted(np.concatenate(atoms), np.concatenate(codes))


def _bound(block: TargetBlock, stages: int) -> NDArray[np.bool_]:
    """Return which places are jumps or follow one within as many steps as there are stages, bool [T, B]."""
    bound = block.breaks.copy()
    for stage in range(1, stages + 1):
        bound[stage:] |= block.breaks[:-stage]
    return bound


def _seen_in_loop(
    block: TargetBlock, codes: NDArray[np.int64], codebook: NucleotideCodebook, first: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the frame of each true nucleotide seen from the rebuilt one before it: [T, B, 4, 4]."""
    steps, rotations, translations = shifted_jumps(codes.T, block.lengths, codebook)
    inverse = np.tile(np.eye(4), (len(rotations), 1, 1))
    inverse[:, :3, :3] = rotations.swapaxes(1, 2)
    inverse[:, :3, 3] = -(inverse[:, :3, :3] @ translations[..., None])[..., 0]
    seen = np.zeros(block.moves.shape)
    left = first
    for time in range(1, len(codes)):
        seen[time] = left @ block.moves[time]
        left = inverse[steps[:, time]] @ seen[time]
    return seen
