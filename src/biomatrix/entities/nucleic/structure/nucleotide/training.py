"""Fit the codebook of the geometric codec of nucleic acids: k-means, rounds in the closed loop, shapes, jumps.

A fit takes minutes of one core and writes only when it is done, so it cannot be resumed.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.entities.nucleic.structure.nucleotide.beads import BEADS, bead_frames
from biomatrix.entities.nucleic.structure.nucleotide.codebook import NucleotideCodebook
from biomatrix.entities.nucleic.structure.nucleotide.plan import NucleotideFit
from biomatrix.entities.nucleic.structure.nucleotide.refinement import refined
from biomatrix.entities.nucleic.structure.nucleotide.search import JUMP_PROBE, BeamSearch
from biomatrix.entities.nucleic.structure.nucleotide.shapes import shapes_of
from biomatrix.entities.nucleic.structure.nucleotide.strands import nucleotides_of
from biomatrix.entities.nucleic.structure.nucleotide.tokenizer import NucleotideTokenizer
from biomatrix.entities.rigid_steps.clusters import clusters, means_of
from biomatrix.entities.rigid_steps.probe import split_order
from biomatrix.entities.rigid_steps.shift_fitting import fit_shifts, jumps_over_gaps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from biomatrix.entities.nucleic.structure.nucleotide.refinement import Wanted
    from biomatrix.entities.nucleic.structure.nucleotide.strands import Nucleotides
    from biomatrix.entities.rigid_steps.shifts import Frame, JumpShifts

logger = logging.getLogger(__name__)

STATED_ERROR: Final = 4.0
"""Angstrom of bead RMSD that the round trip of an unbroken strand stays below; `biomatrix doctor` fails past it."""


def fit_tokenizer(
    backbones: Sequence[NDArray[np.float32]], groups: Sequence[int], settings: NucleotideFit | None = None
) -> NucleotideTokenizer:
    """Fit a codebook on strands.

    Parameters
    ----------
    backbones : sequence of ndarray, shape=(L, 15, 3), dtype=float32
        Only of strands that may be learned from.
    groups : sequence of int
        A number for each strand, the same for relatives.
    settings : NucleotideFit, optional

    Returns
    -------
    NucleotideTokenizer
        The same for the same strands, settings and seed.
    """
    settings = settings or NucleotideFit()
    rng = np.random.default_rng(settings.seed)
    drawn = _Draws(backbones, groups, settings.per_group, rng)
    nucleotides = drawn()
    logger.info("%d nucleotides of a draw, %d bonded", len(nucleotides.atoms), nucleotides.joined.sum())
    search = BeamSearch(settings.points, settings.fit_beams, settings.num_candidates)
    codebook = _first_codebook(nucleotides, settings, rng)
    codebook, wanted = refined(drawn, codebook, search, settings, rng)
    codebook = stored(numbered(_with_shapes(codebook, wanted, settings), settings))
    return NucleotideTokenizer(codebook, replace(search, num_beams=settings.num_beams))


class _Draws:
    """Draws strands at random, at most so many of each group."""

    def __init__(
        self,
        backbones: Sequence[NDArray[np.float32]],
        groups: Sequence[int],
        per_group: int,
        rng: np.random.Generator,
    ) -> None:
        self._backbones, self._groups = backbones, np.unique(np.asarray(groups), return_inverse=True)[1]
        self._per_group, self._rng = per_group, rng

    def __call__(self) -> Nucleotides:
        order = self._rng.permutation(len(self._groups))
        groups = self._groups[order]
        by_group = np.argsort(groups, kind="stable")
        rank = np.empty(len(order), dtype=np.int64)
        starts = np.searchsorted(groups[by_group], groups[by_group])
        rank[by_group] = np.arange(len(order)) - starts
        kept = np.sort(order[rank < self._per_group])
        return nucleotides_of([self._backbones[index] for index in kept])[0]


def described(
    tokenizer: NucleotideTokenizer, settings: NucleotideFit, description: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the config of a tokenizer that was fitted, with more entries: training data, licence, figures."""
    return {
        **tokenizer.config,
        **description,
        "architecture": tokenizer.architecture,
        "num_codes": tokenizer.num_codes,
        "fit": asdict(settings),
        "stated_error": {"rmsd_angstrom": STATED_ERROR},
    }


def _first_codebook(nucleotides: Nucleotides, settings: NucleotideFit, rng: np.random.Generator) -> NucleotideCodebook:
    """Return k-means of true steps, and jumps with their shifts; the shapes hold beads alone."""
    count = settings.num_codes - settings.num_break
    bonded = np.flatnonzero(nucleotides.joined)
    beads, rotations = nucleotides.seen[bonded][:, BEADS], nucleotides.steps[0][bonded]
    atoms = np.full((len(bonded), *nucleotides.atoms.shape[1:]), np.nan)
    atoms[:, BEADS] = beads
    placed = settings.points.homogeneous(atoms, rotations)[:, :3].reshape(len(bonded), -1)
    nearest = clusters(placed, count, settings.open_rounds, rng)
    means = means_of(beads.reshape(-1, 9), nearest, count).reshape(-1, 3, 3)
    step_rotations, step_translations = bead_frames(means)
    jump_codes, shifts = _jumps(nucleotides, settings, rng)
    shapes = np.zeros((settings.num_codes, *nucleotides.atoms.shape[1:]))
    shapes[count:, BEADS] = nucleotides.own[:, BEADS].mean(axis=0)
    shapes[:count, BEADS] = (means - step_translations[:, None]) @ step_rotations
    return NucleotideCodebook(
        np.concatenate([step_rotations, jump_codes[0]]),
        np.concatenate([step_translations, jump_codes[1]]),
        shapes,
        settings.num_break,
        shifts,
    )


def _jumps(nucleotides: Nucleotides, settings: NucleotideFit, rng: np.random.Generator) -> tuple[Frame, JumpShifts]:
    """Return jump codes and shifts, fitted to stretches left out of strands and to the real breaks."""
    jumps = jumps_over_gaps(nucleotides.frames, nucleotides.counts, settings.synthetic_breaks, settings.mean_gap, rng)
    real = ~nucleotides.joined & ~nucleotides.first
    # Real breaks are few and of all widths: each counts four times.
    rotations, translations = (
        np.concatenate([made, *[steps[real]] * 4]) for made, steps in zip(jumps, nucleotides.steps, strict=True)
    )
    counts = (settings.num_break, settings.shift_base, settings.shift_stages)
    template = np.concatenate([np.zeros((1, 3)), JUMP_PROBE[:, 1:].T])
    return fit_shifts((rotations, translations), JUMP_PROBE, template, counts, settings.open_rounds, rng)


def _with_shapes(codebook: NucleotideCodebook, wanted: Wanted, settings: NucleotideFit) -> NucleotideCodebook:
    """Return the codebook with all atoms; jumps get the commonest shape."""
    count = codebook.start_code
    whole = np.isfinite(wanted.atoms).all(axis=(1, 2))
    frames = (codebook.rotations[:count], codebook.translations[:count])
    shapes = shapes_of(codebook.beads[:count], frames, wanted.atoms[whole], wanted.codes[whole], settings.neighbours)
    commonest = int(np.bincount(wanted.codes, minlength=count).argmax())
    return replace(codebook, shapes=np.concatenate([shapes, np.repeat(shapes[commonest][None], settings.num_break, 0)]))


def numbered(codebook: NucleotideCodebook, settings: NucleotideFit) -> NucleotideCodebook:
    """Return the codebook, its bonded codes numbered so that neighbours in number are neighbours in space."""
    count = codebook.start_code
    points = codebook.beads[:count].reshape(count, -1)
    order = np.concatenate([split_order(points, settings.shift_base), np.arange(count, settings.num_codes)])
    return replace(
        codebook,
        rotations=codebook.rotations[order],
        translations=codebook.translations[order],
        shapes=codebook.shapes[order],
    )


def stored(codebook: NucleotideCodebook) -> NucleotideCodebook:
    """Return the codebook as it is read back from float32."""
    rotations, translations, shapes = (
        array.astype(np.float32).astype(np.float64)
        for array in (codebook.rotations, codebook.translations, codebook.shapes)
    )
    return replace(codebook, rotations=rotations, translations=translations, shapes=shapes)
