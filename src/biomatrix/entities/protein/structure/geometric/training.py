"""Fit the codebook of the geometric codec: k-means on placed probes, shifts for jumps, rounds in the closed loop.

A fit takes about a minute on one core and writes only when it is done, so it cannot be resumed.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.entities.protein.structure.geometric.codebook import BREAK, CIS, TRANS, bonded_steps
from biomatrix.entities.protein.structure.geometric.plan import GeometricFit
from biomatrix.entities.protein.structure.geometric.refinement import numbered, refined
from biomatrix.entities.protein.structure.geometric.tokenizer import GeometricTokenizer, check_chain, resolved_of
from biomatrix.entities.rigid_steps.clusters import clusters, means_of
from biomatrix.entities.rigid_steps.probe import probe_features
from biomatrix.entities.rigid_steps.shift_fitting import fit_shifts, jumps_over_gaps
from biomatrix.entities.rigid_steps.shifts import seen_from
from biomatrix.entities.structure_tokenizer import refuse_far_points
from biomatrix.entities.tokenizer_folder import save_weights
from biomatrix.metrics.geometry import RESIDUE_TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from biomatrix.entities.protein.entity import Protein

logger = logging.getLogger(__name__)

STATED_ERROR: Final = 1.5
"""Angstrom of backbone RMSD that the round trip of an unbroken chain stays below; `biomatrix doctor` fails past it."""


def fit_tokenizer(proteins: Sequence[Protein], settings: GeometricFit | None = None) -> GeometricTokenizer:
    """Fit a codebook with shifts, and the cells of its search, on chains.

    Parameters
    ----------
    proteins : sequence of Protein
        Chains with backbones, only those that may be learned from.
    settings : GeometricFit, optional

    Returns
    -------
    GeometricTokenizer
        The same for the same chains, settings and seed.
    """
    settings = settings or GeometricFit()
    rng = np.random.default_rng(settings.seed)
    probe = settings.probe_34
    for protein in proteins:
        check_chain(protein)
        refuse_far_points(protein)
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
    jumps = jumps_over_gaps(residues.frames, residues.counts, settings.synthetic_breaks, settings.mean_gap, rng)
    real = kinds == BREAK
    # Real breaks are few and of all widths: each counts four times.
    jumps = (np.concatenate([jumps[0], *[steps[0][real]] * 4]), np.concatenate([jumps[1], *[steps[1][real]] * 4]))
    counts = (settings.num_break, settings.shift_base, settings.shift_stages)
    jump_codes, shifts = fit_shifts(jumps, probe, RESIDUE_TEMPLATE, counts, settings.open_rounds, rng)
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
        The settings it was fitted with.
    description : mapping
        More entries for the config: training data, licence, figures.
    """
    return save_weights(folder, described(tokenizer, settings, description), tokenizer.tensors())


def described(tokenizer: GeometricTokenizer, settings: GeometricFit, description: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config of a tokenizer that was fitted; see `save_tokenizer`."""
    return {
        **tokenizer.config,
        **description,
        "architecture": tokenizer.architecture,
        "num_codes": tokenizer.num_codes,
        "fit": asdict(settings),
        "stated_error": {"rmsd_angstrom": STATED_ERROR},
    }
