"""A file of cells read whole, into one AnnData."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from biomatrix.entities.cell.files.contents import Contents
from biomatrix.entities.cell.files.damage import cells_library
from biomatrix.entities.cell.files.finding import Found
from biomatrix.entities.cell.files.found_rows import regions_of, rows_of, totals_of
from biomatrix.errors import BioMatrixError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from biomatrix.entities.cell.cell_set import CellSet


def whole_set(contents: Contents, found: Found, adata: Any = None) -> CellSet:
    """Return all cells of a file, or of an AnnData in memory where one is given.

    Parameters
    ----------
    contents : Contents
    found : Found
    adata : anndata.AnnData, optional
    """
    from biomatrix.entities.cell.cell_set import CellSet

    count = len(contents.obs)
    matrix = rows_of(found, 0, count)
    made, notes = (adata, ()) if adata is not None else _made(contents, found, matrix)
    return CellSet(
        made,
        matrix,
        found.genes,
        found.values.scale,
        totals_of(contents, found, matrix, 0, count),
        (*found.notes, *notes, *_counted(contents, found, matrix)),
        found.matched,
        regions_of(found, matrix, 0, count),
    )


def _counted(contents: Contents, found: Found, matrix: csr_matrix) -> list[str]:
    """Return what is to be noted of all cells together."""
    notes = []
    counted = found.counted if found.matched is not None else None
    genes = matrix if counted is None else matrix[:, np.flatnonzero(counted)]
    empty = int((np.diff(genes.indptr) == 0).sum())
    if empty:
        what = "a gene" if found.matched is not None else "an open region"
        notes.append(f"{empty:,} of {matrix.shape[0]:,} cells are empty: kept, without {what}")
    names = Counter(contents.obs.index(0, len(contents.obs)).tolist())
    repeated = [name for name, times in names.items() if times > 1]
    if repeated:
        shown = ", ".join(repeated[:3])
        notes.append(
            f"{len(repeated):,} names of cells occur more than once ({shown}); cells are told apart by their number, "
            "and a written file makes the names unique"
        )
    if found.place.rows.unsorted:
        notes.append(f"{found.place.name}: the columns of {found.place.rows.unsorted:,} rows were put in order")
    return notes


def _made(contents: Contents, found: Found, matrix: csr_matrix) -> tuple[Any, tuple[str, ...]]:
    """Return everything a file holds as AnnData, and what was left out."""
    anndata = cells_library("anndata")
    count = len(contents.obs)
    rest = contents.rest()
    notes = list(rest.notes)
    main = next((one for one in contents.places if one.name != "raw"), contents.places[0])
    var = main.var.read(0, len(main.var))
    matrices: dict[str, Any] = {}
    for place in contents.places:
        try:
            kept = place is found.place and found.values.scale != "log1p_cp10k"
            matrices[place.name] = matrix if kept else place.rows.read(0, count)
        except BioMatrixError as error:
            notes.append(f"{place.name} was left out: {error.message}")
    obs = contents.obs.read(0, count)
    layers = {name.removeprefix("layers/"): one for name, one in matrices.items() if name.startswith("layers/")}
    fitting = {name: dict(part) for name, part in rest.parts.items()}
    made = anndata.AnnData(X=matrices.get("X"), obs=obs, var=var, layers=layers, **fitting)
    if "raw" in matrices:
        raw = next(one for one in contents.places if one.name == "raw")
        table = raw.var.read(0, len(raw.var))
        made.raw = anndata.AnnData(X=matrices["raw"], var=table, obs=obs[[]])
    return made, tuple(notes)
