"""Checks of a protein chain: its sequence, and the geometry of its backbone.

Legend: L residues.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.check import Check
from biomatrix.entities.protein.fold_checks import (
    check_backbone_clashes,
    check_gyration,
    check_helices,
    check_side_chains,
)
from biomatrix.entities.protein.ramachandran import FAVOURED, OUTLIER, classes_of, regions_of
from biomatrix.entities.protein.thresholds import (
    BACKBONE_LIMITS,
    CA_CLASH,
    CA_DISTANCE_SHARE,
    CA_DISTANCES,
    CIS_SHARE,
    FAVOURED_SHARE,
    LEFT_PHI_SHARE,
    LINK_LIMIT,
    OMEGA_SHARE,
    OMEGA_TOLERANCE,
    OUTLIER_SHARE,
)
from biomatrix.metrics.backbone import Torsions, bond_angles, bond_lengths, ca_distances, close_pairs, torsions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.protein.entity import Protein

STANDARD_RESIDUES = frozenset("ACDEFGHIKLMNPQRSTVWY")
STANDARD_LIMIT = 0.9
"""The smallest share of residues that are among the twenty."""
RESOLVED_LIMIT = 0.5
"""The smallest share of residues with coordinates."""
MOST_COMMON_LIMIT = 0.5
"""The largest share of a chain that one residue may make up."""


def check_sequence(protein: Protein) -> list[Check]:
    """Return the checks of a sequence alone: standard residues, and no residue in excess."""
    length = len(protein)
    if length == 0:
        return [Check(name, None, detail="no residues") for name in ("standard residues", "varied composition")]
    standard = sum(letter in STANDARD_RESIDUES for letter in protein.sequence) / length
    letter, count = Counter(protein.sequence).most_common(1)[0]
    share = count / length
    return [
        Check("standard residues", standard >= STANDARD_LIMIT, standard, "share of residues", threshold=STANDARD_LIMIT),
        Check(
            "varied composition",
            share <= MOST_COMMON_LIMIT,
            share,
            "share of the most common residue",
            letter,
            MOST_COMMON_LIMIT,
        ),
    ]


def check_backbone(protein: Protein) -> list[Check]:
    """Return whether a backbone's geometry is that of a protein.

    Parameters
    ----------
    protein : Protein
        With coordinates, else only the check of resolved residues is made. ``passed`` is None where too few residues
        are resolved to decide.

    Returns
    -------
    list of Check
        Resolved residues, bond lengths and angles, breaks, CA distances, clashes, torsions, handedness, compactness;
        the side of the side chains where all atoms were read.
    """
    if protein.backbone is None or not protein.resolved.any():
        return [Check("resolved residues", False if len(protein) else None, 0.0, "share of residues")]
    backbone = protein.backbone
    turns = torsions(backbone, LINK_LIMIT)
    share = float(protein.resolved.mean())
    return [
        Check("resolved residues", share >= RESOLVED_LIMIT, share, "share of residues", threshold=RESOLVED_LIMIT),
        *check_bonds_and_angles(backbone, turns.linked),
        check_breaks(protein, turns.linked),
        check_ca_distances(backbone, turns.linked),
        check_ca_clashes(backbone),
        check_backbone_clashes(backbone),
        check_omega(turns),
        check_cis(turns, protein.sequence),
        *check_ramachandran(turns, protein.sequence),
        check_handedness(turns),
        check_helices(backbone),
        check_gyration(backbone),
        *([] if protein.context is None else [check_side_chains(protein)]),
    ]


def check_bonds_and_angles(backbone: NDArray[np.float32], linked: NDArray[np.bool_]) -> list[Check]:
    """Return one check for each bond and angle of ``thresholds.BACKBONE_LIMITS``."""
    lengths, angles = bond_lengths(backbone), bond_angles(backbone)
    measured = {
        "N-CA bond lengths": lengths["N-CA"],
        "CA-C bond lengths": lengths["CA-C"],
        "C-N bond lengths": lengths["C-N"][linked],
        "N-CA-C angles": angles["N-CA-C"],
        "CA-C-N angles": angles["CA-C-N"][linked],
        "C-N-CA angles": angles["C-N-CA"][linked],
    }
    checks: list[Check] = []
    for name, limit in BACKBONE_LIMITS.items():
        values = measured[name][np.isfinite(measured[name])]
        if not len(values):
            checks.append(Check(name, None, detail="none present"))
            continue
        share = float(((values >= limit.low) & (values <= limit.high)).mean())
        detail = f"mean {values.mean():.3f} {limit.unit}, expected {limit.low:g} to {limit.high:g}"
        checks.append(Check(name, share >= limit.share, share, "share of residues", detail, limit.share))
    return checks


def check_breaks(protein: Protein, linked: NDArray[np.bool_]) -> Check:
    """Return whether resolved residues that the numbering makes neighbours are bonded."""
    resolved = protein.resolved
    neighbours = resolved[:-1] & resolved[1:]
    if protein.residue_numbers is not None:
        neighbours &= np.diff(protein.residue_numbers) <= 1
    broken = neighbours & ~linked
    count = int(broken.sum())
    where = f"first after residue {int(np.flatnonzero(broken)[0]) + 1}" if count else ""
    return Check("unbroken chain", count == 0 if neighbours.any() else None, float(count), "breaks", where, 0.0)


def check_ca_distances(backbone: NDArray[np.float32], linked: NDArray[np.bool_]) -> Check:
    """Return the share of linked neighbours whose CA are a trans or cis peptide bond apart."""
    distance = ca_distances(backbone)[linked]
    inside = np.zeros(len(distance), dtype=bool)
    for low, high in CA_DISTANCES:
        inside |= (distance >= low) & (distance <= high)
    return _share("CA-CA distances", inside, CA_DISTANCE_SHARE)


def check_ca_clashes(backbone: NDArray[np.float32]) -> Check:
    """Return how many pairs of CA, three or more residues apart, are closer than any fold allows."""
    ca = backbone[np.isfinite(backbone[:, 1]).all(axis=1), 1]
    if len(ca) < 4:
        return Check("clashes", None, detail="too few residues")
    if float(np.ptp(ca, axis=0).max()) > 1e4:
        return Check("clashes", False, detail="the chain spans more than 10,000 Angstrom")
    pairs = close_pairs(backbone[:, 1], CA_CLASH, separation=3)
    detail = f"first: residues {pairs[0, 0] + 1} and {pairs[0, 1] + 1}" if len(pairs) else ""
    return Check("clashes", not len(pairs), float(len(pairs)), "pairs of CA", detail, 0.0)


def check_omega(turns: Torsions) -> Check:
    """Return the share of peptide bonds that are flat, trans or cis."""
    omega = np.abs(turns.omega[np.isfinite(turns.omega)])
    flat = (omega > 180.0 - OMEGA_TOLERANCE) | (omega < OMEGA_TOLERANCE)
    check = _share("peptide bonds flat", flat, OMEGA_SHARE)
    cis = int((omega < OMEGA_TOLERANCE).sum())
    return replace(check, detail=f"{cis} cis")


def check_cis(turns: Torsions, sequence: str) -> Check:
    """Return the share of cis peptide bonds before residues that are not known to be proline."""
    elsewhere = np.isfinite(turns.omega) & np.array([letter != "P" for letter in sequence[1:]], dtype=bool)
    cis = np.abs(turns.omega[elsewhere]) < OMEGA_TOLERANCE
    return _few("cis peptide bonds", cis, CIS_SHARE, "share of peptide bonds before residues other than proline")


def check_ramachandran(turns: Torsions, sequence: str) -> list[Check]:
    """Return the shares of residues in favoured regions of (phi, psi) and outside allowed ones, each by its letter."""
    defined = np.isfinite(turns.phi) & np.isfinite(turns.psi)
    regions = regions_of(turns.phi[defined], turns.psi[defined], classes_of(sequence)[defined])
    outside = regions == OUTLIER
    where = f"first: residue {int(np.flatnonzero(defined)[outside][0]) + 1}" if outside.any() else ""
    return [
        _share("Ramachandran favoured", regions == FAVOURED, FAVOURED_SHARE),
        _few("Ramachandran outliers", outside, OUTLIER_SHARE, "share of residues", where),
    ]


def check_handedness(turns: Torsions) -> Check:
    """Return whether the chain is made of L-amino acids, not their mirror images, by the sign of phi.

    N, CA and C of one residue lie in a plane and do not tell; the chain's turns do.
    """
    phi = turns.phi[np.isfinite(turns.phi)]
    if len(phi) < 10:
        return Check("left-handed residues", None, detail="too few residues")
    share = float((phi < 0).mean())
    unit = "share of residues with phi below 0"
    return Check("left-handed residues", share >= LEFT_PHI_SHARE, share, unit, threshold=LEFT_PHI_SHARE)


def _share(name: str, inside: NDArray[np.bool_], least: float) -> Check:
    if not len(inside):
        return Check(name, None, detail="none present")
    share = float(inside.mean())
    return Check(name, share >= least, share, "share of residues", threshold=least)


def _few(name: str, faulty: NDArray[np.bool_], most: float, unit: str, detail: str = "") -> Check:
    """Return whether faults are few: one, or up to a share."""
    if not len(faulty):
        return Check(name, None, detail="none present")
    passed = int(faulty.sum()) <= max(1.0, most * len(faulty))
    return Check(name, passed, float(faulty.mean()), unit, detail, max(1.0 / len(faulty), most))
