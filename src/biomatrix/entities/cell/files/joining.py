"""Single cells, such as generated ones, put together into a set."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from biomatrix.entities.cell.files.damage import cells_library
from biomatrix.entities.cell.files.finding import TOTALS
from biomatrix.entities.cell.files.matrix_rows import row_sums
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.entities.cell.cell_set import CellSet
    from biomatrix.entities.cell.entity import Cell


def joined(cells: Sequence[Cell]) -> CellSet:
    """Return cells of one scale as a set; see :meth:`biomatrix.CellSet.from_cells`."""
    import pandas as pd
    from scipy.sparse import csr_matrix

    from biomatrix.entities.cell.cell_set import CellSet

    anndata = cells_library("anndata")
    if not cells:
        raise ConfigurationError("there are no cells to put together")
    scales = {cell.scale for cell in cells}
    if len(scales) > 1:
        raise ConfigurationError(f"cells of one file have values of one kind, not {' and '.join(sorted(scales))}")
    genes = sorted({gene for cell in cells for gene in cell.genes})
    place = {gene: number for number, gene in enumerate(genes)}
    indptr = np.cumsum([0, *map(len, cells)])
    columns = np.array([place[gene] for cell in cells for gene in cell.genes], dtype=np.int32)
    data = np.concatenate([cell.values for cell in cells]).astype(np.float32)
    matrix = csr_matrix((data, columns, indptr), shape=(len(cells), len(genes)))
    matrix.sort_indices()
    names = [cell.name or f"cell_{number}" for number, cell in enumerate(cells, start=1)]
    obs = pd.DataFrame([dict(cell.obs) for cell in cells], index=pd.Index(names, dtype=object))
    totals = [cell.total_counts for cell in cells]
    known = None if any(one is None for one in totals) else np.array(totals, dtype=np.float64)
    if known is not None:
        obs[TOTALS[0]] = known
    var: Any = pd.DataFrame({"ensembl_id": genes}, index=pd.Index(genes, dtype=object))
    adata = anndata.AnnData(X=matrix, obs=obs, var=var)
    notes = tuple(dict.fromkeys(note for cell in cells for note in cell.notes))
    return CellSet(adata, matrix, np.array(genes, dtype=object), cells[0].scale, known, notes)


def of_genes(cells: CellSet, genes: Collection[str]) -> CellSet:
    """Return a set with some of its genes; see :meth:`biomatrix.CellSet.of_genes`."""
    anndata = cells_library("anndata")
    wanted = set(genes) - {""}
    columns = np.flatnonzero([gene in wanted for gene in cells.genes.tolist()])
    if not len(columns):
        shown = ", ".join(sorted(wanted)[:3]) or "none was named"
        raise ConfigurationError(f"the matrix has none of these genes ({shown}); name Ensembl ids, as in .genes")
    matrix, kept = cells.matrix[:, columns], cells.genes[columns]
    if len(cells.genes) == cells.adata.n_vars:
        made = cells.adata[:, columns].copy()
    else:  # the values are those of raw, whose genes are others than those of X
        var = cells.adata.raw.var.iloc[columns]
        made = anndata.AnnData(X=matrix, obs=cells.adata.obs, var=var, obsm=dict(cells.adata.obsm))
    made.raw = None
    totals = cells.totals
    if totals is None and cells.scale == "counts":
        totals = row_sums(cells.matrix)
    note = f"{len(columns):,} of {len(cells.genes):,} genes were kept; totals of cells are those before"
    return replace(
        cells, adata=made, matrix=matrix, genes=kept, totals=totals, matched=None, notes=(*cells.notes, note)
    )
