"""Checks of the course of a whole chain: overlaps of its backbone, the hand of its helices, how compact it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.check import Check
from biomatrix.entities.protein.thresholds import (
    BACKBONE_CONTACT,
    CLASHES_PER_1000,
    D_RESIDUE_SHARE,
    GYRATION_BANDS,
    GYRATION_EXPONENT,
    GYRATION_FACTOR,
)
from biomatrix.metrics.backbone import close_pairs
from biomatrix.metrics.folds import chiral_volumes, helix_counts, radius_of_gyration

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.protein.entity import Protein

_WIDEST = 1e4


def check_backbone_clashes(backbone: NDArray[np.float32]) -> Check:
    """Return how many pairs of N, CA, C of residues three or more apart overlap, for a thousand atoms.

    Parameters
    ----------
    backbone : ndarray, shape=(L, 3, 3), dtype=float32
        Angstrom.
    """
    name, unit = "backbone clashes", "pairs of atoms for a thousand atoms"
    atoms = backbone.reshape(-1, 3)
    placed = atoms[np.isfinite(atoms).all(axis=1)]
    if len(placed) < 12:
        return Check(name, None, detail="too few residues")
    if float(np.ptp(placed, axis=0).max()) > _WIDEST:
        return Check(name, False, detail="the chain spans more than 10,000 Angstrom")
    pairs = close_pairs(atoms, BACKBONE_CONTACT, separation=7)
    residues = pairs // 3
    residues = residues[residues[:, 1] - residues[:, 0] >= 3]
    rate = 1000.0 * len(residues) / len(placed)
    detail = f"{len(residues)}; first: residues {residues[0, 0] + 1} and {residues[0, 1] + 1}" if len(residues) else ""
    return Check(name, rate <= CLASHES_PER_1000, rate, unit, detail, CLASHES_PER_1000)


def check_helices(backbone: NDArray[np.float32]) -> Check:
    """Return the share of helices that wind to the left, as only those of a mirror image do."""
    right, left = helix_counts(backbone[:, 1])
    name, unit = "helices right-handed", "share of helices that wind to the right"
    if not right + left:
        return Check(name, None, detail="no helix")
    detail = f"{left} of {right + left} wind to the left"
    return Check(name, left <= right, right / (right + left), unit, detail, 0.5)


def check_gyration(backbone: NDArray[np.float32]) -> Check:
    """Return the radius of gyration over that of a globular chain of as many residues."""
    name, unit = "radius of gyration", "of a globular chain's"
    ca = backbone[np.isfinite(backbone[:, 1]).all(axis=1), 1]
    bands = [(low, high) for least, low, high in GYRATION_BANDS if len(ca) >= least]
    if not bands:
        return Check(name, None, detail="too few residues")
    radius = radius_of_gyration(ca)
    ratio = radius / (GYRATION_FACTOR * len(ca) ** GYRATION_EXPONENT)
    low, high = bands[-1]
    return Check(name, low <= ratio <= high, ratio, unit, f"{radius:.1f} Angstrom; expected {low:g} to {high:g} times")


def check_side_chains(protein: Protein) -> Check:
    """Return the share of D-amino acids, by the side of CB; ``passed`` is None where no CB was read."""
    name, unit = "side chains of L-amino acids", "share of residues with a CB"
    if protein.context is None or protein.backbone is None:
        return Check(name, None, detail="no side chains")
    cb = np.full((len(protein), 3), np.nan)
    for index in range(len(protein)):
        residue = protein.context.residue(index)
        found = residue.coordinates[residue.atom == "CB"]
        if len(found):
            cb[index] = found[0]
    volumes = chiral_volumes(protein.backbone[:, 0], protein.backbone[:, 1], protein.backbone[:, 2], cb)
    volumes = volumes[np.isfinite(volumes)]
    if not len(volumes):
        return Check(name, None, detail="no side chains")
    left = float((volumes > 0).mean())
    detail = f"{int((volumes <= 0).sum())} of the other hand"
    return Check(name, 1.0 - left <= D_RESIDUE_SHARE, left, unit, detail, 1.0 - D_RESIDUE_SHARE)
