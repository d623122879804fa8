"""What a sound backbone looks like, as data: ranges and limits with units and where they come from."""

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
"""Smallest share of residues with phi below 0: at least 0.76 in 600 native chains, 0.07 in mirror images."""

RAMACHANDRAN = (
    "xxxxx...xx.x",
    "xxxxx.......",
    "xxxxx.......",
    ".xxx...x....",
    ".xxx...xx...",
    ".xxx...xxx..",
    ".xxxx...xx..",
    ".xxxx.......",
    "..xxx.......",
    "............",
    ".......xx...",
    "xxxx....xx.x",
)
"""Cells of 30 by 30 degrees: rows psi from 180 down to -180, columns phi from -180 up to 180. A cell is
marked where it holds at least one residue in a thousand of 600 native chains; together they hold 98%."""
RAMACHANDRAN_SHARE = 0.90
"""Smallest share of residues in marked cells."""

RMSD_LIMIT = 2.0
"""Angstrom over N, CA and C after superposition, past which a backbone counts as another one."""
TM_SCORE_LIMIT = 0.5
"""Below this TM-score two chains are taken not to share a fold (Xu and Zhang 2010)."""
