"""The reference sets of cells, opened as their pages say."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from biomatrix import Cell, CellSet


def opened(shared: Path, name: str) -> CellSet:
    """Return one of the sets; counts where its page says so."""
    import anndata

    adata = anndata.read_h5ad(shared / "data" / "single_cell" / name / f"{name}.h5ad")
    if "ensembl_id" in adata.var:
        ids = adata.var["ensembl_id"]
        adata.var["ensembl_id"] = ids.astype(str).where(ids.notna(), "")
    logs = name.startswith("pbmc")
    totals = "n_counts" if "n_counts" in adata.obs else None
    return CellSet.from_anndata(adata, values="log1p_cp10k" if logs else "counts", totals=totals)


def some_cells(cells: CellSet, count: int) -> list[Cell]:
    """Return cells spread over a set."""
    return [cells.cell(int(row)) for row in np.linspace(0, len(cells) - 1, count)]
