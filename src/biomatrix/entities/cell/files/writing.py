"""Cells written as AnnData's files, with what is known of them beside."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.files.damage import cells_library, writing
from biomatrix.entities.cell.files.feature_kinds import feature_kinds
from biomatrix.entities.cell.files.finding import TOTALS
from biomatrix.entities.cell.files.matrix_rows import row_sums
from biomatrix.entities.cell.files.memory import refuse_mixed_columns
from biomatrix.entities.cell.files.table_rows import FrameRows
from biomatrix.entities.files.writing import check_writable, named_refusals, write_atomically
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.entities.cell.cell_set import CellSet


def write_cells(cells: CellSet, path: str | Path) -> None:
    """Write a set of cells as ``.h5ad`` or as a ``.zarr`` folder, whole or not at all."""
    cells_library("anndata")
    target = Path(path)
    made = _described(cells)
    with warnings.catch_warnings(), writing(path), named_refusals(path):
        warnings.simplefilter("ignore")
        if target.suffix.lower() == ".h5ad":
            _write_h5ad(made, target)
        elif target.suffix.lower() == ".zarr":
            _write_zarr(made, target)
        else:
            raise ConfigurationError("cells are written as .h5ad or .zarr; name it so", file=str(path))


def _described(cells: CellSet) -> Any:
    """Return a copy of the AnnData with what is known of it, under names that are each its own."""
    import biomatrix

    refuse_mixed_columns(cells.adata.obs, "obs")
    made = cells.adata.copy()
    made.obs_names_make_unique()
    made.var_names_make_unique()
    if len(cells.genes) == made.n_vars:
        made.var["ensembl_id"] = cells.genes.astype(str)
    if cells.regions is not None:
        kinds = feature_kinds(FrameRows("var", made.var))
        if not kinds.told:
            made.var["feature_types"] = kinds.words.astype(str)
        made.uns["assembly"] = cells.regions.assembly
    if cells.totals is not None and not _are_told(cells.totals, cells, made.obs):
        made.obs[TOTALS[0]] = cells.totals
    made.uns["biomatrix"] = {"version": biomatrix.__version__, "values": cells.scale, "notes": list(cells.notes)}
    return made


def _are_told(totals: NDArray[np.float64], cells: CellSet, obs: Any) -> bool:
    """Return whether a reader finds the totals: in the first of the usual columns, or as sums of counts."""
    column = next((name for name in TOTALS if name in obs), None)
    if column is not None:
        return bool(np.array_equal(np.asarray(obs[column]), totals))
    return cells.scale == "counts" and bool(np.array_equal(row_sums(cells.matrix), totals))


def _write_h5ad(made: Any, target: Path) -> None:
    check_writable(target)
    # HDF5 seeks while it writes, so that a file of its own is made and then written in one go.
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "cells.h5ad"
        made.write_h5ad(whole, compression="gzip")
        with whole.open("rb") as source, write_atomically(target) as stream:
            shutil.copyfileobj(source, stream, 1 << 20)


def _write_zarr(made: Any, target: Path) -> None:
    if target.exists():
        raise ConfigurationError("there is something of that name; remove it, or name another folder", file=str(target))
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        whole = Path(folder) / target.name
        made.write_zarr(whole)
        whole.rename(target)
