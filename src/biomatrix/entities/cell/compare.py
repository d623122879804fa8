"""What two cells share, and how alike they are.

Legend: n genes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.cell.thresholds import ALIKE
from biomatrix.entities.check import Check

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.cell.entity import Cell

_FEWEST_SHARED: Final = 3
"""Genes from which on a correlation says something."""


def compare_expression(original: Cell, decoded: Cell) -> list[Check]:
    """Return what two cells share: genes, and how well the values of the second tell those of the first."""
    first, second = _profiles(original, decoded)
    both = (first > 0) & (second > 0)
    union = int(((first > 0) | (second > 0)).sum())
    shared = int(both.sum()) / union if union else 1.0
    same = bool((first == second).all())
    checks = [Check("same cell", same), Check("shared genes", None, shared, "share of genes")]
    if "rank" in (original.scale, decoded.scale) or both.sum() < _FEWEST_SHARED:
        return checks
    a, b = first[both], second[both]
    checks.append(Check("error of shared genes", None, float(np.sqrt(((a - b) ** 2).mean())), "log1p(CP10K)"))
    if a.std() and b.std():
        checks.append(Check("Pearson correlation", None, float(np.corrcoef(a, b)[0, 1])))
    return checks


def likeness(first: Cell, second: Cell) -> Check:
    """Return the cosine of two profiles of log1p(CP10K), from 0 to 1; of ranks, the share of genes that both hold."""
    a, b = _profiles(first, second)
    if "rank" in (first.scale, second.scale):
        a, b = (a > 0).astype(np.float64), (b > 0).astype(np.float64)
    norm = np.linalg.norm(a) * np.linalg.norm(b)
    cosine = float(a @ b / norm) if norm else float(not a.any() and not b.any())
    return Check("alike", cosine >= ALIKE, min(cosine, 1.0), "cosine", threshold=ALIKE)


def _profiles(first: Cell, second: Cell) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the values of two cells over the genes of both, ``float64 [n]`` each, 0 where one has none."""
    places = {gene: place for place, gene in enumerate(dict.fromkeys([*first.genes, *second.genes]))}
    made = np.zeros((2, len(places)))
    for row, cell in zip(made, (first, second), strict=True):
        told = cell.values if cell.scale in ("rank", "other") else cell.log1p_cp10k()
        row[[places[gene] for gene in cell.genes]] = told
    return made[0], made[1]
