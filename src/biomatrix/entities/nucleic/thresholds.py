"""What a sound strand looks like, as data: limits with units and where they come from.

Bond lengths are those of Parkinson, Vojtechovsky, Clowney, Bruenger and Berman (Acta Cryst. D52, 1996, 57), widened to
what models of 3 Angstrom show. Distances along the strand: 20,052 complete nucleotides of crystal structures have C4'
and the P of their own nucleotide 3.87 +- 0.12 Angstrom apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

BOND_LIMITS: Final[Mapping[tuple[str, str], tuple[float, float]]] = {
    ("P", "O5'"): (1.45, 1.75),
    ("O5'", "C5'"): (1.30, 1.58),
    ("C5'", "C4'"): (1.38, 1.64),
    ("C4'", "C3'"): (1.38, 1.66),
    ("C3'", "O3'"): (1.30, 1.56),
    ("C1'", "N"): (1.33, 1.62),
}
"""Angstrom; C1'-N holds for the C-C bond of pseudouridine too."""
BOND_SHARE: Final = 0.98
"""The smallest share of bonds within their limits."""
LONGEST_STEP: Final = 5.5
"""Angstrom from a C4' to the next P: above it two neighbours are not bonded."""
LINK_LIMITS: Final = (1.45, 1.75)
"""Of O3' to the next P, in Angstrom."""
CERTAIN_SHARE: Final = 0.9
"""The smallest share of letters that stand for one base."""
HAIRPIN: Final = 3
"""The fewest unpaired bases in a loop: fewer cannot bend back."""
RMSD_LIMIT: Final = 2.0
"""Angstrom over C4', within which a designed fold counts as the wanted one (gRNAde)."""
CANONICAL: Final[frozenset[str]] = frozenset(("GC", "CG", "AU", "UA", "GU", "UG"))
"""The pairs of a secondary structure of RNA, by their letters."""
