"""Fit the codebook of the geometric codec: k-means on placed probes, shifts for jumps, rounds in the closed loop.

A fit takes about a minute on one core and writes only when it is done, so it cannot be resumed.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.entities.protein.structure.geometric.clusters import clusters, means_of, nearest_means
from biomatrix.entities.protein.structure.geometric.codebook import BREAK, CIS, TRANS, JumpShifts, bonded_steps
from biomatrix.entities.protein.structure.geometric.probe import probe_features
from biomatrix.entities.protein.structure.geometric.refinement import numbered, refined
from biomatrix.entities.protein.structure.geometric.shifts import seen_from, stored_shifts
from biomatrix.entities.protein.structure.geometric.tokenizer import GeometricTokenizer, resolved_of
from biomatrix.entities.tokenizer_folder import save_weights
from biomatrix.errors import ConfigurationError
from biomatrix.metrics.geometry import RESIDUE_TEMPLATE
from biomatrix.metrics.superposition import kabsch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from biomatrix.entities.protein.entity import Protein
    from biomatrix.entities.protein.structure.geometric.blocks import Residues
    from biomatrix.entities.protein.structure.geometric.shifts import Frame

logger = logging.getLogger(__name__)

PROBE: Final = (0.777, 1.691, 0.197, 0.178, 0.228, -0.52, 0.685, 0.073, -0.083, 0.049, -0.149, 0.263)
"""The probe of the shipped weights, found by a random search on validation chains."""

STATED_ERROR: Final = 1.5
"""Angstrom of backbone RMSD that the round trip of an unbroken chain stays below; self-examination fails past it."""


@dataclass(frozen=True)
class GeometricFit:
    """How to fit a codebook.

    Parameters
    ----------
    num_codes : int
        All codes, of every kind.
    num_cis, num_break : int
        How many of them are cis steps and jumps over breaks.
    open_rounds : int
        Rounds of k-means on open-loop steps.
    closed_rounds : int
        Rounds in which chains are encoded and every code moves to the mean of what it was chosen for.
    closed_residues : int
        Residues encoded in each of those rounds.
    num_beams : int
        Hypotheses kept while encoding, in the fit and in the tokenizer it is for.
    steps_per_code : int
        Open-loop steps sampled for each code.
    synthetic_breaks : int
        Jumps made by leaving out stretches of chains, beside the real ones.
    mean_gap : float
        Mean length of those stretches, in residues.
    seed : int
    probe : sequence of 12 float
        The probe of `probe_features`, three rows of point, lever, lever, lever.
    spacing_probe : sequence of 12 float, optional
        What k-means counts as close when it places bonded codes; the probe when not given.
    num_candidates : int
        Codes compared for each residue.
    num_cells : int
        Cells of the search.
    search_all_above : float
        See `ProbeSearch`.
    shift_base, shift_stages : int
        How many shifts make a jump finer, and over how many residues.
    short_chains : sequence of (int, int)
        See `ProbeSearch`.
    """

    num_codes: int = 256
    num_cis: int = 8
    num_break: int = 16
    open_rounds: int = 8
    closed_rounds: int = 4
    closed_residues: int = 400_000
    num_beams: int = 8
    steps_per_code: int = 800
    synthetic_breaks: int = 30_000
    mean_gap: float = 8.0
    seed: int = 0
    probe: Sequence[float] = PROBE
    spacing_probe: Sequence[float] | None = None
    num_candidates: int = 64
    num_cells: int = 512
    search_all_above: float = 0.3
    shift_base: int = 4
    shift_stages: int = 8
    short_chains: Sequence[Sequence[int]] = ()

    def __post_init__(self) -> None:
        for probe in (self.probe, self.spacing_probe):
            if probe is not None and len(probe) != 12:
                raise ConfigurationError(f"a probe of {len(probe)} numbers where 12 are expected")
        if self.num_trans % self.shift_base or self.num_cis % self.shift_base:
            raise ConfigurationError(
                f"{self.num_trans} trans and {self.num_cis} cis codes are not multiples of {self.shift_base}"
            )
        if min(self.num_cis, self.num_break, self.num_codes - self.num_cis - self.num_break) < 1:
            raise ConfigurationError(
                f"{self.num_codes} codes cannot hold {self.num_cis} cis codes, {self.num_break} break codes "
                "and a trans one"
            )

    @property
    def num_trans(self) -> int:
        """Codes left for trans steps."""
        return self.num_codes - self.num_cis - self.num_break

    @property
    def probe_34(self) -> NDArray[np.float64]:
        """The probe as ``float64 [3, 4]``, as float32 stores it."""
        return np.array(self.probe, dtype=np.float32).astype(np.float64).reshape(3, 4)


def fit_tokenizer(proteins: Sequence[Protein], settings: GeometricFit | None = None) -> GeometricTokenizer:
    """Fit a codebook with shifts, and the cells of its search, on chains.

    Parameters
    ----------
    proteins : sequence of Protein
        Chains with backbones; only what may be learned from.
    settings : GeometricFit, optional

    Returns
    -------
    GeometricTokenizer
        The same for the same chains, settings and seed.
    """
    settings = settings or GeometricFit()
    rng = np.random.default_rng(settings.seed)
    probe = settings.probe_34
    residues, _ = resolved_of(proteins)
    rotations, origins = residues.frames
    steps = seen_from(rotations[:-1], origins[:-1], (rotations[1:], origins[1:]))
    seen = ((residues.atoms[1:] - origins[:-1, None]) @ rotations[:-1]).reshape(-1, 9)
    kinds = residues.kinds[1:].copy()
    kinds[residues.starts[1:] - 1] = -1  # from one chain to the next is no step
    spacing = probe if settings.spacing_probe is None else np.array(settings.spacing_probe).reshape(3, 4)
    features = probe_features(*steps, spacing).reshape(-1, 12).astype(np.float32)
    logger.info("%d residues, %d cis steps, %d breaks", len(rotations), (kinds == CIS).sum(), (kinds == BREAK).sum())
    bonded = []
    for kind, count in ((TRANS, settings.num_trans), (CIS, settings.num_cis)):
        mine = np.flatnonzero(kinds == kind)
        mine = rng.permutation(mine)[: settings.steps_per_code * count]
        nearest = clusters(features[mine], count, settings.open_rounds, rng)
        bonded.append(bonded_steps(means_of(seen[mine], nearest, count).reshape(-1, 3, 3), kind))
    jumps = _jumps(residues, settings, rng)
    real = kinds == BREAK
    # Real breaks are few and of all widths: they count a few times.
    jumps = (np.concatenate([jumps[0], *[steps[0][real]] * 4]), np.concatenate([jumps[1], *[steps[1][real]] * 4]))
    jump_codes, shifts = _fit_shifts(jumps, settings, rng)
    codebook = numbered(bonded[0], bonded[1], jump_codes, shifts, settings)
    return GeometricTokenizer(*refined(residues, codebook, settings, rng))


def save_tokenizer(
    folder: str | Path, tokenizer: GeometricTokenizer, settings: GeometricFit, description: Mapping[str, Any]
) -> str:
    """Write a tokenizer folder; return its fingerprint.

    Parameters
    ----------
    folder : path
    tokenizer : GeometricTokenizer
    settings : GeometricFit
        What it was fitted with.
    description : mapping
        More for the config: training data, licence, figures.
    """
    codebook, search = tokenizer.codebook, tokenizer.settings
    config: dict[str, Any] = {
        **description,
        "architecture": "geometric",
        "num_codes": len(codebook),
        "settings": {
            "num_trans": codebook.num_trans,
            "num_cis": codebook.num_cis,
            "num_break": codebook.num_break,
            "num_beams": search.num_beams,
            "num_candidates": search.num_candidates,
            "search_all_above": search.search_all_above,
            "short_chains": [list(limit) for limit in search.short_chains],
        },
        "fit": asdict(settings),
        "stated_error": {"rmsd_angstrom": STATED_ERROR},
    }
    tensors = {
        "rotations": codebook.rotations,
        "translations": codebook.translations,
        "probe": search.probe,
        "cells": search.centres,
        "shift_rotations": codebook.shifts.rotations,
        "shift_translations": codebook.shifts.translations,
    }
    return save_weights(folder, config, {name: tensor.astype(np.float32) for name, tensor in tensors.items()})


def _jumps(residues: Residues, settings: GeometricFit, rng: np.random.Generator) -> Frame:
    """Jumps over left-out stretches of chains."""
    rotations, origins = residues.frames
    step = 1 + rng.geometric(1.0 / settings.mean_gap, size=settings.synthetic_breaks)
    start = rng.integers(len(rotations), size=settings.synthetic_breaks)
    chain = np.repeat(np.arange(len(residues.counts)), residues.counts)
    end = np.minimum(start + step, len(rotations) - 1)
    start, end = start[inside := (chain[start] == chain[end]) & (start < end)], end[inside]
    return seen_from(rotations[start], origins[start], (rotations[end], origins[end]))


def _fit_shifts(jumps: Frame, settings: GeometricFit, rng: np.random.Generator) -> tuple[Frame, JumpShifts]:
    """Jump codes, and stage by stage the shifts that bring what is left closest to nothing."""
    probe = settings.probe_34
    left, stages = jumps, []
    for count in [settings.num_break] + [settings.shift_base] * settings.shift_stages:
        features = probe_features(*left, probe).reshape(-1, 12).astype(np.float32)
        codes = _mean_frames(left, clusters(features, count, settings.open_rounds, rng), count)
        means = probe_features(*codes, probe).reshape(-1, 12).astype(np.float32)
        nearest = nearest_means(features, means)
        logger.info("%d shifts, what is left %.3f A", count, np.sqrt(((features - means[nearest]) ** 2).sum(1).mean()))
        left = seen_from(codes[0][nearest], codes[1][nearest], left)
        stages.append(codes)
    rotations, translations = (np.stack([stage[i] for stage in stages[1:]]) for i in (0, 1))
    return stages[0], stored_shifts(rotations, translations)


def _mean_frames(frames: Frame, cluster: NDArray[np.int64], count: int) -> Frame:
    """Frames that bring the ideal residue closest to the mean of the residues of each cluster."""
    atoms = RESIDUE_TEMPLATE @ frames[0].swapaxes(-1, -2) + frames[1][:, None]
    means = means_of(atoms.reshape(-1, 9), cluster, count).reshape(-1, 3, 3)
    return kabsch(np.broadcast_to(RESIDUE_TEMPLATE, means.shape), means)
