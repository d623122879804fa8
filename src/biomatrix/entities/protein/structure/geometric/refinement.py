"""Rounds in the closed loop: each code moves to the mean of the steps it was chosen for, cells to where steps lie.

Shapes: n steps, T residues, B chains, 12 = probe.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.protein.structure.geometric.codebook import (
    BREAK,
    CIS,
    TRANS,
    StepCodebook,
    bonded_steps,
)
from biomatrix.entities.protein.structure.geometric.search import ProbeSearch, StepSearch
from biomatrix.entities.rigid_steps.clusters import clusters, means_of
from biomatrix.entities.rigid_steps.probe import (
    frame_matrices,
    inverse_matrices,
    probe_features,
    split_order,
)
from biomatrix.entities.rigid_steps.shifts import JumpShifts, shifted_jumps
from biomatrix.progress import Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.protein.structure.geometric.blocks import Residues, TargetBlock
    from biomatrix.entities.protein.structure.geometric.plan import GeometricFit
    from biomatrix.entities.rigid_steps.shifts import Frame

logger = logging.getLogger(__name__)

_CATCHING_UP = 1.0
"""Angstrom: a rebuilt residue farther than this from its place is on its way back from a break."""


def refined(
    residues: Residues, codebook: StepCodebook, settings: GeometricFit, rng: np.random.Generator
) -> tuple[StepCodebook, ProbeSearch]:
    """Move bonded codes to the means of the steps the closed loop chose them for; keep the best round.

    Cells lie where the closed loop needs steps, which is known only after a round: the first has cells around
    codes, and the best round gets cells of its own at the end.
    """
    some = _some_chains(residues, settings.closed_residues, rng)
    trans = codebook.codes_of(TRANS)
    features = probe_features(codebook.rotations[trans], codebook.translations[trans], settings.probe_34)
    search = _search(features.reshape(-1, 12), settings, rng)
    best, best_error = (codebook, search), np.inf
    progress = Progress("closed loop", settings.closed_rounds + 1, "rounds", every=0.0)
    for round_number in range(settings.closed_rounds + 1):
        begun = time.process_time()
        target_atoms, target_probes, codes = _step_targets(some, codebook, search)
        error = np.sqrt(((target_atoms - codebook.atoms.reshape(-1, 9)[codes]) ** 2).sum(axis=1) / 3.0)
        regular = error < _CATCHING_UP
        score = float(np.sqrt((error[regular] ** 2).mean()))
        rate = len(codes) / (time.process_time() - begun)
        logger.info("round %d: rms error %.4f A, %.0f residues/s of processor time", round_number, score, rate)
        progress.advance()
        search = _search(target_probes, settings, rng)
        if score < best_error:
            best, best_error = (codebook, search), score
        # The first round had other cells, so it only places cells.
        if 0 < round_number < settings.closed_rounds:
            codebook = _closer(codebook, target_atoms[regular], codes[regular], settings)
    return best


def numbered(trans: Frame, cis: Frame, jumps: Frame, shifts: JumpShifts, settings: GeometricFit) -> StepCodebook:
    """Number the codes so that neighbours in number are neighbours in space, as the digits of shifts need it."""
    parts = []
    for kind in (trans, cis):
        order = split_order(probe_features(*kind, settings.probe_34).reshape(-1, 12), settings.shift_base)
        parts.append((kind[0][order], kind[1][order]))
    parts.append(jumps)
    rotations, translations = (np.concatenate([part[i] for part in parts]).astype(np.float32) for i in (0, 1))
    counts = (len(trans[0]), len(cis[0]), len(jumps[0]))
    return StepCodebook(rotations.astype(np.float64), translations.astype(np.float64), *counts, shifts=shifts)


def _search(target_probes: NDArray[np.float64], settings: GeometricFit, rng: np.random.Generator) -> ProbeSearch:
    """Make a search whose cells lie among the probes of the steps needed, [n, 12]."""
    count = min(settings.num_cells, len(target_probes))
    some = target_probes[rng.permutation(len(target_probes))[: 100 * count]].astype(np.float32)
    centres = means_of(some, clusters(some, count, settings.open_rounds, rng), count).astype(np.float32)
    return ProbeSearch(
        settings.probe_34,
        centres.astype(np.float64),
        settings.num_beams,
        settings.num_candidates,
        settings.search_all_above,
        tuple((int(length), int(beams)) for length, beams in settings.short_chains),
    )


def _some_chains(residues: Residues, num_residues: int, rng: np.random.Generator) -> Residues:
    order = rng.permutation(len(residues.counts))
    order = np.sort(order[: 1 + int(np.searchsorted(np.cumsum(residues.counts[order]), num_residues))])
    kept = np.isin(np.repeat(np.arange(len(residues.counts)), residues.counts), order)
    return replace(residues, atoms=residues.atoms[kept], places=residues.places[kept], counts=residues.counts[order])


def _step_targets(
    residues: Residues, codebook: StepCodebook, settings: ProbeSearch
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """The target of every free bonded step, as atoms [n, 9] and probes [n, 12], and the code chosen, [n].

    Steps bound to a last digit by a jump before them are not free.
    """
    search = StepSearch(codebook, settings)
    point, levers = settings.probe[:, 0], settings.probe[:, 1:]
    rotations, origins = residues.frames
    own = (residues.atoms - origins[:, None]) @ rotations
    target_atoms, target_probes, codes = [], [], []
    for block, times, rows, numbers in residues.blocks(settings.probe, settings.limits):
        block_codes = search.codes(block).astype(np.int64)
        bound = block.kinds == BREAK
        bound[0] = False
        free = ~_after_jumps(bound, codebook.shifts.num_stages)[times, rows] & (times > 0)
        times, rows, numbers = times[free], rows[free], numbers[free]
        frames = _seen_in_loop(block, block_codes, codebook, settings.probe)[times, rows]
        axes, shift = frames[:, 1:, 1:], frames[:, 1:, :1] + point[:, None]
        target_atoms.append((axes @ (own[numbers] - point).swapaxes(1, 2) + shift).swapaxes(1, 2).reshape(-1, 9))
        target_probes.append(np.concatenate([shift, axes @ levers], axis=2).reshape(-1, 12))
        codes.append(block_codes[times, rows])
    return np.concatenate(target_atoms), np.concatenate(target_probes), np.concatenate(codes)


def _after_jumps(jumps: NDArray[np.bool_], stages: int) -> NDArray[np.bool_]:
    """Jumps and as many steps after them as there are stages."""
    covered = jumps.copy()
    for stage in range(1, stages + 1):
        covered[stage:] |= jumps[:-stage]
    return covered


def _seen_in_loop(
    block: TargetBlock, codes: NDArray[np.int64], codebook: StepCodebook, probe: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Frame of each true residue as seen from the rebuilt one before it, of `frame_matrices`: [T, B, 4, 4]."""
    steps, rotations, translations = shifted_jumps(codes.T, block.lengths, codebook)
    inverse = inverse_matrices(frame_matrices(rotations, translations, probe))
    seen = np.zeros(block.steps.shape)
    left = np.broadcast_to(np.eye(4), seen.shape[1:])
    for index in range(1, len(codes)):
        seen[index] = left @ block.steps[index]
        left = inverse[steps[:, index]] @ seen[index]
    return seen


def _closer(
    codebook: StepCodebook, target_atoms: NDArray[np.float64], codes: NDArray[np.int64], settings: GeometricFit
) -> StepCodebook:
    """One round of Lloyd's algorithm on closed-loop steps; unused codes, jumps and shifts stay as they are."""
    moved = means_of(target_atoms, codes, len(codebook))
    unused = np.bincount(codes, minlength=len(codebook)) == 0
    moved[unused] = codebook.atoms.reshape(-1, 9)[unused]
    parts = [bonded_steps(moved[codebook.codes_of(kind)].reshape(-1, 3, 3), kind) for kind in (TRANS, CIS)]
    span = codebook.codes_of(BREAK)
    jumps = (codebook.rotations[span], codebook.translations[span])
    return numbered(parts[0], parts[1], jumps, codebook.shifts, settings)
