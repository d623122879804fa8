"""Accessibility of many cells from matrices of peaks: AnnData in memory, and every file that cells are read from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.entities.cell.files.peak_columns import PeakColumns, find_columns
from biomatrix.entities.cell.region_counts import RegionCounts
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    from anndata import AnnData
    from pandas import DataFrame

_ROWS: Final = 4096
"""Cells read at once."""


def peaks_of(
    adata: AnnData, *, assembly: str | None = None, layer: str | None = None, one_based: bool = False
) -> RegionCounts:
    """Return the accessibility of the cells of an AnnData in memory; nothing in it is changed.

    Parameters
    ----------
    adata : anndata.AnnData
        Its columns are peaks: ``var`` has chrom, start, end, or its names are such as ``chr1:9800-10300``.
    assembly : str, optional
        Which genome they lie on, where ``uns`` or ``var`` does not say.
    layer : str, optional
        A layer in place of ``X``.
    one_based : bool
        Whether starts count from 1.

    Raises
    ------
    BioMatrixError
        As of :func:`~biomatrix.entities.cell.files.peak_columns.find_columns`; or a count below 0 or not finite.
    """
    from scipy.sparse import csr_matrix

    found = find_columns(
        [str(name) for name in adata.var_names],
        [str(name) for name in adata.var.columns],
        lambda name: adata.var[name].to_numpy(),
        assembly=assembly,
        said=adata.uns,
        one_based=one_based,
    )
    matrix = csr_matrix(adata.X if layer is None else adata.layers[layer], dtype=np.float32)
    matrix.sum_duplicates()
    return _made(found, [matrix], [str(name) for name in adata.obs_names], adata.obs)


def read_peaks(
    path: str | Path,
    *,
    assembly: str | None = None,
    layer: str | None = None,
    one_based: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> RegionCounts:
    """Return the accessibility of the cells of a file: h5ad, Zarr, a peak matrix of 10x Genomics as .h5 or a folder.

    Parameters
    ----------
    path : str or Path
    assembly, layer, one_based : optional
        As of :func:`peaks_of`.
    limits : Limits

    Raises
    ------
    BioMatrixError
        As of :func:`peaks_of`, or the file is damaged or leads to others.
    """
    from biomatrix.entities.cell.files.damage import reading
    from biomatrix.entities.cell.files.stores import open_cells

    with open_cells(path, limits) as contents, reading(path):
        place = contents.places[0] if layer is None else contents.place(layer)
        var, cells = place.var, len(contents.obs)
        said: Mapping[str, Any] = contents.rest().parts.get("uns", {}) if assembly is None else {}
        found = find_columns(
            var.index(0, len(var)).tolist(),
            var.columns,
            lambda name: np.asarray(var.column(name, 0, len(var)), dtype=object),
            assembly=assembly,
            said=said,
            one_based=one_based,
        )
        pieces = [place.rows.read(first, min(first + _ROWS, cells)) for first in range(0, cells, _ROWS)]
        return _made(found, pieces, contents.obs.index(0, cells).tolist(), contents.obs.read(0, cells))


def _made(found: PeakColumns, pieces: list[Any], barcodes: list[str], obs: DataFrame) -> RegionCounts:
    """Return counts from rows of the matrix, their columns in genomic order."""
    from scipy.sparse import csr_matrix, vstack

    matrix = (
        vstack([piece[:, found.columns] for piece in pieces], format="csr")
        if pieces
        else csr_matrix((0, len(found.columns)))
    )
    matrix.sort_indices()
    wrong = np.flatnonzero(~(np.isfinite(matrix.data) & (matrix.data >= 0)))
    if len(wrong):
        cell = int(np.searchsorted(matrix.indptr, wrong[0], side="right")) - 1
        raise ParseError(
            f"a count is {matrix.data[wrong[0]]}; how often a region was found open is 0 or more",
            position=barcodes[cell],
        )
    matrix.eliminate_zeros()
    empty = int((np.diff(matrix.indptr) == 0).sum())
    notes = [f"cells without an open region, kept: {empty:,}"] if empty else []
    return RegionCounts(
        found.regions,
        np.array(barcodes, dtype=object),
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int64),
        matrix.data.astype(np.float32),
        obs,
        (f"regions lie on {found.regions.assembly}", *found.notes, *notes),
    )
