"""Single cells, such as generated ones, put together into a set."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from biomatrix.entities.cell.files.damage import cells_library
from biomatrix.entities.cell.files.feature_kinds import GENE_EXPRESSION, PEAKS, feature_kinds
from biomatrix.entities.cell.files.finding import TOTALS
from biomatrix.entities.cell.files.matrix_rows import row_sums
from biomatrix.entities.cell.files.table_rows import FrameRows
from biomatrix.entities.cell.region_counts import RegionCounts
from biomatrix.entities.cell.regions import Regions
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.entities.cell.cell_set import CellSet
    from biomatrix.entities.cell.entity import Cell


def joined(cells: Sequence[Cell]) -> CellSet:
    """Return cells of one scale as a set; see :meth:`biomatrix.CellSet.from_cells`."""
    import pandas as pd
    from scipy.sparse import csr_matrix, hstack

    from biomatrix.entities.cell.cell_set import CellSet

    anndata = cells_library("anndata")
    if not cells:
        raise ConfigurationError("there are no cells to put together")
    scales = {cell.scale for cell in cells}
    if len(scales) > 1:
        raise ConfigurationError(f"cells of one file have values of one kind, not {' and '.join(sorted(scales))}")
    regions = joined_regions(cells)
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
    if known is not None and genes:
        obs[TOTALS[0]] = known
    var: Any = pd.DataFrame({"ensembl_id": genes}, index=pd.Index(genes, dtype=object))
    if regions is not None:
        peaks = regions.to_anndata().var_names
        matrix = hstack([matrix, regions.matrix], format="csr", dtype=np.float32)
        kinds = [GENE_EXPRESSION] * len(genes) + [PEAKS] * len(peaks)
        genes += [""] * len(peaks)
        var = pd.DataFrame({"ensembl_id": genes, "feature_types": kinds}, index=var.index.append(peaks))
    adata = anndata.AnnData(X=matrix, obs=obs, var=var)
    notes = tuple(dict.fromkeys(note for cell in cells for note in cell.notes))
    return CellSet(adata, matrix, np.array(genes, dtype=object), cells[0].scale, known, notes, regions=regions)


def joined_regions(cells: Sequence[Cell]) -> RegionCounts | None:
    """Return the open regions of cells, every one that one of them has; None where no cell knows of any.

    A region that a cell has twice is one, its counts added up.

    Raises
    ------
    ConfigurationError
        They lie on several assemblies.
    """
    from scipy.sparse import csr_matrix

    held = [cell.regions for cell in cells if cell.regions is not None]
    if not held:
        return None
    assemblies = sorted({one.assembly for one in held})
    if len(assemblies) > 1:
        raise ConfigurationError(f"open regions of one file lie on one genome, not on {' and '.join(assemblies)}")
    places = np.stack(
        [np.concatenate([getattr(one, part) for one in held]) for part in ("chromosome", "start", "end")], axis=1
    ).astype(np.int64)
    every, column = np.unique(places, axis=0, return_inverse=True)  # in genomic order
    indptr = np.cumsum([0, *(0 if cell.regions is None else len(cell.regions) for cell in cells)])
    counts = np.concatenate([one.count for one in held]).astype(np.float32)
    matrix = csr_matrix((counts, column.ravel(), indptr), shape=(len(cells), len(every)))
    matrix.sum_duplicates()
    regions = Regions(
        assemblies[0], every[:, 0].astype(np.int16), every[:, 1], every[:, 2], np.ones(len(every), dtype=np.float32)
    )
    names = np.array([cell.name for cell in cells], dtype=object)
    return RegionCounts(regions, names, matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data)


def genes_alone(cells: CellSet) -> CellSet:
    """Return a set without columns that are no genes; see :meth:`biomatrix.CellSet.genes_alone`."""
    of_x = len(cells.genes) == cells.adata.n_vars
    var = cells.adata.var if of_x else cells.adata.raw.var
    kinds = feature_kinds(FrameRows("var", var))
    if kinds.genes.all():
        return cells
    columns = np.flatnonzero(kinds.genes)
    matrix = cells.matrix[:, columns]
    adata = cells_library("anndata").AnnData(X=matrix, obs=cells.adata.obs, var=var.iloc[columns])
    return replace(cells, adata=adata, matrix=matrix, genes=cells.genes[columns], regions=None)


def of_genes(cells: CellSet, genes: Collection[str]) -> CellSet:
    """Return a set with some of its genes; see :meth:`biomatrix.CellSet.of_genes`."""
    anndata = cells_library("anndata")
    wanted = set(genes) - {""}
    columns = np.flatnonzero([gene in wanted for gene in cells.genes.tolist()])
    if not len(columns):
        shown = ", ".join(sorted(wanted)[:3]) or "none was named"
        raise ConfigurationError(f"the matrix has none of these genes ({shown}); name Ensembl ids, as in .genes")
    number, total, regions, note = len(columns), len(cells.genes), cells.regions, ""
    if len(cells.genes) == cells.adata.n_vars:
        if regions is not None:
            kinds = feature_kinds(FrameRows("var", cells.adata.var))
            columns, total = np.union1d(columns, np.flatnonzero(kinds.peaks)), int(kinds.genes.sum())
        made = cells.adata[:, columns].copy()
    else:  # the values are those of raw, whose genes are others than those of X
        var = cells.adata.raw.var.iloc[columns]
        values = cells.matrix[:, columns]
        made = anndata.AnnData(X=values, obs=cells.adata.obs, var=var, obsm=dict(cells.adata.obsm))
        regions, note = None, "" if regions is None else "; peaks lie in another matrix and were left out"
    matrix, kept = cells.matrix[:, columns], cells.genes[columns]
    made.raw = None
    totals = cells.totals
    if totals is None and cells.scale == "counts":
        totals = row_sums(cells.matrix)
    note = f"{number:,} of {total:,} genes were kept; totals of cells are those before{note}"
    notes = (*cells.notes, note)
    return replace(
        cells, adata=made, matrix=matrix, genes=kept, totals=totals, notes=notes, matched=None, regions=regions
    )
