"""What the expression of a sound cell looks like, as data: limits with units, and markers.

Limits are what common practice of quality control keeps; how many real cells pass each is printed by
``tests/entities/cell/test_checks.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LEAST_GENES: Final = 20
"""Fewer genes tell no type of cell; panels of some hundred genes still find these."""
MOST_GENES: Final = 15_000
"""More detected genes than this are several cells, or no cell."""
MITOCHONDRIAL_SHARE: Final = 0.25
"""The largest share of counts of genes on chrM: above it a cell is taken for a dying one."""
RIBOSOMAL_SHARE: Final = 0.7
"""The largest share of counts of genes of ribosomal proteins: resting lymphocytes have up to 0.6 of them."""
HIGH: Final = 2.5
"""From how much log1p(CP10K) on a marker is high: about 11 counts per 10,000."""

MARKERS: Final[Mapping[str, tuple[str, ...]]] = {
    "T cell": ("CD3D", "CD3E", "CD3G"),
    "B cell": ("CD79A", "MS4A1", "CD19"),
    "monocyte": ("LYZ", "CD14", "S100A12"),
    "erythroid cell": ("HBB", "HBA1", "HBA2"),
    "epithelial cell": ("EPCAM", "KRT18", "KRT19"),
}
"""Genes of which no cell expresses those of two rows highly; HGNC symbols."""
COHERENT: Final[tuple[tuple[str, str], ...]] = (
    ("T cell", "B cell"),
    ("T cell", "epithelial cell"),
    ("B cell", "monocyte"),
    ("B cell", "epithelial cell"),
    ("erythroid cell", "epithelial cell"),
)
"""Pairs that exclude one another: a cell with two high markers of both is two cells."""
TWO: Final = 2
"""How many markers of a type must be high: one alone is ambient RNA more often than a second cell."""
ALIKE: Final = 0.95
"""The cosine of two profiles from which on they are taken for the same cell."""
