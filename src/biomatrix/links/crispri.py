"""Pairs that CRISPR interference tested: which elements regulate which genes (Gschwind 2025, EngreitzLab)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.assemblies import chromosome_indices
from biomatrix.errors import ParseError
from biomatrix.links.features import UBIQUITOUS, Columns, position_features, signal_features
from biomatrix.links.gene_places import GenePlaces
from biomatrix.links.table_files import numbers_of, read_columns

TRAIN_FILE: Final = "train_K562.parquet"
TEST_FILE: Final = "test_five_cell_types.parquet"
_SIGNALS: Final = {
    "H3K27ac": "H3K27ac.RPM",
    "H3K27ac_expanded": "H3K27ac.RPM.expandedRegion",
    "H3K4me1": "H3K4me1.RPM",
    "H3K27me3": "H3K27me3.RPM",
    "CTCF": "CTCF.RPM",
}
_NEEDED: Final = (
    *(
        "chrom",
        "chromStart",
        "chromEnd",
        "startTSS",
        "measuredGeneSymbol",
        "measuredGeneEnsemblId",
        "Regulated",
        "CellType",
    ),
    *("distanceToTSS", "measuredGeneUbiquitousExpressed", "DHS.RPM", "DHS.percentile", *_SIGNALS.values()),
)


@dataclass(frozen=True, eq=False)
class TestedPairs:
    """Tested pairs with what is known of the element.

    Legend: P pairs.

    Parameters
    ----------
    chromosome : ndarray, shape=(P,), dtype=int16
    start, end : ndarray, shape=(P,), dtype=int64
        Of the element on hg38, 0-based, half open.
    tss : ndarray, shape=(P,), dtype=int64
        The start of the gene as the benchmark states it; 0 where it does not.
    symbol, ensembl_id, cell_type : ndarray, shape=(P,), dtype=object
    distance : ndarray, shape=(P,), dtype=int64
        To the gene's start in bases, as the benchmark states it.
    regulated : ndarray, shape=(P,), dtype=bool
        Whether the expression of the gene fell.
    accessibility, percentile : ndarray, shape=(P,), dtype=float64
        DNase reads per million over the element, and its share among those of the cell type.
    marks : mapping of str to ndarray, shape=(P,), dtype=float64
        Reads per million.
    ubiquitous : ndarray, shape=(P,), dtype=bool
        Whether the gene is expressed in nearly every cell type.
    """

    __test__ = False  # no test class, whatever its name

    chromosome: NDArray[np.int16]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    tss: NDArray[np.int64]
    symbol: NDArray[np.object_]
    ensembl_id: NDArray[np.object_]
    cell_type: NDArray[np.object_]
    distance: NDArray[np.int64]
    regulated: NDArray[np.bool_]
    accessibility: NDArray[np.float64]
    percentile: NDArray[np.float64]
    marks: Mapping[str, NDArray[np.float64]]
    ubiquitous: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.start)

    def at(self, rows: NDArray[Any]) -> TestedPairs:
        """Return some of the pairs."""
        fields = {name: value[rows] for name, value in vars(self).items() if name != "marks"}
        return TestedPairs(marks={name: values[rows] for name, values in self.marks.items()}, **fields)

    def features(self, genes: GenePlaces) -> Columns:
        """Return every feature that scorers read, ``float64 [P]`` each.

        A gene starts where the table has it; where it does not, at the benchmark's distance from the element.
        """
        place = {str(one): row for row, one in enumerate(genes.ensembl_id)}
        rows = np.array([place.get(str(one), -1) for one in self.ensembl_id], dtype=np.int64)
        middle = (self.start + self.end) // 2
        tss = np.where(rows >= 0, genes.tss[rows], np.where(self.tss > 0, self.tss, middle + self.distance))
        return {
            **position_features(self.chromosome, middle, rows, tss, self.distance, genes),
            **signal_features(self.accessibility, self.marks),
            UBIQUITOUS: self.ubiquitous.astype(np.float64),
        }


def read_tested_pairs(path: str | Path) -> TestedPairs:
    """Return the pairs of a file of the benchmark; its columns keep their official names.

    Raises
    ------
    ParseError
        A column is missing or holds no number.
    """
    columns = read_columns(path)
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise ParseError(f"no table of tested pairs: the column {missing[0]!r} is missing", file=str(path))

    def number(name: str) -> NDArray[np.float64]:
        return numbers_of(columns[name], name, str(path))

    def flag(name: str) -> NDArray[np.bool_]:
        values = columns[name]
        return values if values.dtype == bool else np.array([str(one).upper() == "TRUE" for one in values])

    return TestedPairs(
        chromosome_indices(columns["chrom"]),
        number("chromStart").astype(np.int64),
        number("chromEnd").astype(np.int64),
        number("startTSS").astype(np.int64),
        columns["measuredGeneSymbol"],
        columns["measuredGeneEnsemblId"],
        columns["CellType"],
        number("distanceToTSS").astype(np.int64),
        flag("Regulated"),
        number("DHS.RPM"),
        number("DHS.percentile"),
        {name: number(column) for name, column in _SIGNALS.items()},
        flag("measuredGeneUbiquitousExpressed"),
    )
