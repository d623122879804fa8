"""Checks of what a cell expresses, each a value with its unit.

Legend: n genes.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.cell.genes.table import gene_table
from biomatrix.entities.cell.thresholds import (
    COHERENT,
    HIGH,
    LEAST_GENES,
    MARKERS,
    MITOCHONDRIAL_SHARE,
    MOST_GENES,
    RIBOSOMAL_SHARE,
    TWO,
)
from biomatrix.entities.check import Check
from biomatrix.errors import UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.cell.entity import Cell

_RIBOSOMAL: Final = re.compile(r"RP[LS]\d+[AXYL]?\d*|RPL[P]\d|RPSA|FAU|UBA52")


def check_expression(cell: Cell) -> list[Check]:
    """Return the checks of a cell's expression; ``passed`` is None where its values do not tell.

    Parameters
    ----------
    cell : Cell
    """
    table = gene_table()
    known = sum(gene in table.rows for gene in cell.genes)
    count = len(cell)
    checks = [
        Check("genes of the table", count > 0 and known == count, known / count if count else None, "share of genes"),
        Check("number of genes", LEAST_GENES <= count <= MOST_GENES, float(count), "genes", threshold=LEAST_GENES),
    ]
    names = ("mitochondrial counts", "ribosomal counts", "coherent markers")
    try:
        logs = cell.log1p_cp10k()
    except UnsupportedError as error:
        return [*checks, *(Check(name, None, detail=error.message) for name in names)]
    counts = np.expm1(logs.astype(np.float64))
    whole = counts.sum()
    for name, genes, limit in zip(names, (_mitochondrial(), _ribosomal()), (MITOCHONDRIAL_SHARE, RIBOSOMAL_SHARE)):  # noqa: B905
        among = np.array([gene in genes for gene in cell.genes], dtype=np.bool_)
        share = float(counts[among].sum() / whole) if whole else None
        passed = None if share is None else share <= limit
        checks.append(Check(name, passed, share, "share of counts", threshold=limit))
    return [*checks, _coherence(cell, logs)]


def _coherence(cell: Cell, logs: NDArray[np.float32]) -> Check:
    """Return whether markers of two types that exclude one another are high."""
    value = dict(zip(cell.genes, logs.tolist(), strict=True))
    high = {name: sum(value.get(gene, 0.0) >= HIGH for gene in genes) for name, genes in _markers().items()}
    worst = max(COHERENT, key=lambda pair: min(high[pair[0]], high[pair[1]]))
    found = min(high[worst[0]], high[worst[1]])
    detail = f"{worst[0]} and {worst[1]}" if found else ""
    return Check("coherent markers", found < TWO, float(found), "high markers of a second type", detail, float(TWO - 1))


@cache
def _mitochondrial() -> frozenset[str]:
    table = gene_table()
    return frozenset(table.ensembl_id[table.chromosome == "chrM"])


@cache
def _ribosomal() -> frozenset[str]:
    table = gene_table()
    named = [_RIBOSOMAL.fullmatch(symbol) is not None for symbol in table.symbol]
    return frozenset(table.ensembl_id[np.array(named) & (table.biotype == "protein_coding")])


@cache
def _markers() -> dict[str, tuple[str, ...]]:
    table = gene_table()
    wanted = {symbol for genes in MARKERS.values() for symbol in genes}
    ids = {symbol: table.ensembl_id[row] for row, symbol in enumerate(table.symbol) if symbol in wanted
           and table.biotype[row] == "protein_coding"}  # fmt: skip
    return {name: tuple(ids[symbol] for symbol in genes) for name, genes in MARKERS.items()}
