"""What a sound backbone looks like, as data: ranges and limits with units and where they come from.

Shares of native chains are over 2,803 chains of the training and validation splits; ``benchmarks/protein_checks.py``
prints how many pass each check, beside decoded, damaged and random ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """A range, and the share of a chain that must lie inside it.

    Parameters
    ----------
    low, high : float
        In ``unit``.
    share : float
        The smallest share of residues, from 0 to 1.
    unit : str
    """

    low: float
    high: float
    share: float
    unit: str


BACKBONE_LIMITS: Mapping[str, Limit] = {
    "N-CA bond lengths": Limit(1.36, 1.56, 0.98, "Angstrom"),
    "CA-C bond lengths": Limit(1.42, 1.62, 0.98, "Angstrom"),
    "C-N bond lengths": Limit(1.23, 1.43, 0.98, "Angstrom"),
    "N-CA-C angles": Limit(96.0, 126.0, 0.98, "degrees"),
    "CA-C-N angles": Limit(105.0, 129.0, 0.98, "degrees"),
    "C-N-CA angles": Limit(110.0, 134.0, 0.98, "degrees"),
}
"""Ranges about the means of Engh and Huber (International Tables F, 2001). Of 600 native chains, 109,000
residues, over 99.8% of residues lie within each."""

CA_DISTANCES = ((3.60, 4.00), (2.75, 3.15))
"""Angstrom between neighbouring CA: a trans and a cis peptide bond."""
CA_DISTANCE_SHARE = 0.98
"""Smallest share of bonded neighbours within those distances."""
LINK_LIMIT = 2.5
"""Angstrom from C to the next N beyond which a chain is broken (natives: 1.28 to 1.38)."""
CA_CLASH = 3.0
"""Angstrom between the CA of residues three or more apart, below which they clash."""
OMEGA_TOLERANCE = 30.0
"""Degrees a peptide bond may turn from flat, trans or cis."""
OMEGA_SHARE = 0.95
"""Smallest share of peptide bonds within that tolerance."""
LEFT_PHI_SHARE = 0.75
"""Smallest share of residues with phi below 0: at least 0.82 in 99.5% of native chains, 0.06 in mirror images."""

FAVOURED_SHARE = 0.84
"""Smallest share of residues in favoured regions of the Ramachandran plane: native chains hold 0.994 (median)."""
OUTLIER_SHARE = 0.04
"""Largest share of residues outside its allowed regions; one residue is always let pass."""
CIS_SHARE = 0.015
"""Largest share of cis peptide bonds before residues other than proline; one is always let pass."""

BACKBONE_CONTACT = 2.8
"""Angstrom between atoms N, CA, C of residues three or more apart below which they overlap: van der Waals radii of 1.55
and 1.70 (Bondi 1964) less 0.3 to 0.6. No pair in 99% of native chains."""
CLASHES_PER_1000 = 1.0
"""Most such pairs for a thousand atoms."""

GYRATION_FACTOR, GYRATION_EXPONENT = 2.2, 0.38
"""A globular chain of L residues has a radius of gyration of 2.2 L^0.38 Angstrom (Skolnick et al. 1997)."""
GYRATION_BANDS: tuple[tuple[int, float, float], ...] = ((20, 0.88, 3.2), (150, 0.88, 2.2))
"""From how many residues on, the smallest and the largest ratio of the radius of gyration to that of a globule. Short
native chains may be one long helix, long ones are compact."""
D_RESIDUE_SHARE = 0.02
"""Largest share of residues whose side chain stands on the side of D-amino acids."""

RMSD_LIMIT = 2.0
"""Angstrom over N, CA and C after superposition, past which a backbone counts as another one."""
TM_SCORE_LIMIT = 0.5
"""Below this TM-score two chains are taken not to share a fold (Xu and Zhang 2010)."""
