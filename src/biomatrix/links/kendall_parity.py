"""The multiome corner of chromosome 22 with the correlations that scE2G's own test expects, and ours beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.assemblies import chromosome_index
from biomatrix.errors import ParseError
from biomatrix.links.cell_files import log1p_per_ten_thousand, open_cells
from biomatrix.links.fragments import fragments_over_regions
from biomatrix.links.region_set import RegionSet
from biomatrix.links.table_files import numbers_of, read_columns

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix

EXPECTED: Final = "expected_kendall.parquet"
FRAGMENTS: Final = "atac_fragments_chr22p.parquet"
RNA: Final = "rna.h5ad"
TOTALS: Final = "total_counts_all_genes"
READ_THROUGH: Final = {"SEPT5-GP1BB": "ENSG00000284874"}
"""A gene without a symbol today, which no table of aliases knows: the column that has its mean and detected share."""


@dataclass(frozen=True, eq=False)
class ExpectedKendall:
    """Pairs with the value that is expected.

    Legend: C cells, R regions, G genes, P pairs.

    Parameters
    ----------
    opened : csr_matrix, shape=(C, R)
    expression : csc_matrix, shape=(C, G)
        log1p of counts per 10,000.
    region, gene : ndarray, shape=(P,), dtype=int64
    expected : ndarray, shape=(P,), dtype=float64
    """

    opened: csr_matrix
    expression: csc_matrix
    region: NDArray[np.int64]
    gene: NDArray[np.int64]
    expected: NDArray[np.float64]


def read_expected_kendall(folder: Path, aliases: Path) -> ExpectedKendall:
    """Return the pairs of the folder; four of its genes have former symbols, which the aliases settle.

    Parameters
    ----------
    folder : Path
        With the expected values, fragments and expression.
    aliases : Path
        A table with the columns ``symbol`` and ``approved``.

    Raises
    ------
    ParseError
        A gene is not in the matrix.
    """
    from scipy.sparse import csc_matrix

    columns = read_columns(folder / EXPECTED)
    places = np.stack([numbers_of(columns[name], name, EXPECTED) for name in ("start", "end")], axis=1).astype(np.int64)
    unique, region = np.unique(places, axis=0, return_inverse=True)
    chromosome = np.full(len(unique), chromosome_index(str(columns["chr"][0])), dtype=np.int16)
    # The code behind the values takes 0-based starts of regions for 1-based ones, so that a fragment which ends just
    # before a region overlaps it.
    regions = RegionSet("hg38", chromosome, unique[:, 0] - 1, unique[:, 1], np.ones(len(unique)))
    adata = open_cells(folder / RNA)
    opened, _ = fragments_over_regions(folder / FRAGMENTS, regions, np.array(adata.obs_names, dtype=object))
    totals = np.asarray(adata.obs[TOTALS], dtype=np.float64)
    scaled = log1p_per_ten_thousand(csc_matrix(adata.X, dtype=np.float64), totals)
    named = {str(name): place for place, name in enumerate(adata.var_names)}
    former = read_columns(aliases)
    approved = dict(zip(former["symbol"].tolist(), former["approved"].tolist(), strict=True)) | READ_THROUGH
    gene = np.array([named.get(one, named.get(approved.get(one, ""), -1)) for one in columns["TargetGene"].tolist()])
    if (gene < 0).any():
        raise ParseError(f"the gene {columns['TargetGene'][int(np.argmin(gene))]} has no column in {RNA}")
    return ExpectedKendall(
        opened, scaled, region.reshape(-1), gene, numbers_of(columns["Kendall"], "Kendall", EXPECTED)
    )
