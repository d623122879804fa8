"""Accessibility of many cells from matrices of peaks: AnnData in memory, and every file that cells are read from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.entities.cell.files.damage import reading
from biomatrix.entities.cell.files.feature_kinds import feature_kinds
from biomatrix.entities.cell.files.open_file import OpenFile
from biomatrix.entities.cell.files.peak_columns import PeakColumns, find_columns
from biomatrix.entities.cell.files.table_rows import FrameRows
from biomatrix.entities.cell.region_counts import RegionCounts
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    from anndata import AnnData
    from pandas import DataFrame

    from biomatrix.entities.cell.files.contents import Contents
    from biomatrix.entities.cell.files.table_rows import TableRows

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

    found = find_columns(FrameRows("var", adata.var), assembly=assembly, said=adata.uns, one_based=one_based)
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
    with BackedPeaks(path, assembly=assembly, layer=layer, one_based=one_based, limits=limits) as cells:
        return cells.read(0, len(cells))


class BackedPeaks(OpenFile):
    """The accessibility of the cells of an open file, read by ranges of cells, so that memory does not grow with them.

    Parameters
    ----------
    path, assembly, layer, one_based, limits
        As of :func:`read_peaks`.
    contents : Contents, optional
        As of :class:`~biomatrix.entities.cell.files.open_file.OpenFile`.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        assembly: str | None = None,
        layer: str | None = None,
        one_based: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        contents: Contents | None = None,
    ) -> None:
        super().__init__(path, limits, contents)
        try:
            with reading(path):
                self._obs = self.contents.obs
                self._place = self.contents.places[0] if layer is None else self.contents.place(layer)
                self._found = _columns_of(self._place.var, self.contents, assembly, one_based)
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self._obs)

    @property
    def notes(self) -> tuple[str, ...]:
        """Which genome the regions lie on, where their places were read, and what was left out."""
        return (f"regions lie on {self._found.regions.assembly}", *self._found.notes)

    def read(self, first: int, last: int) -> RegionCounts:
        """Return the cells from ``first`` up to ``last``."""
        last = min(last, len(self))
        with reading(self.path):
            pieces = [self._place.rows.read(at, min(at + _ROWS, last)) for at in range(first, last, _ROWS)]
            return _made(self._found, pieces, self._obs.index(first, last).tolist(), self._obs.read(first, last))


def _columns_of(var: TableRows, contents: Contents, assembly: str | None, one_based: bool) -> PeakColumns:
    said: Mapping[str, Any] = contents.rest().parts.get("uns", {}) if assembly is None else {}
    return find_columns(var, assembly=assembly, said=said, one_based=one_based)


def holds_peaks(contents: Contents) -> bool:
    """Return whether the columns of a file of cells are peaks and no genes."""
    if not contents.places:
        return False
    kinds = feature_kinds(contents.places[0].var)
    return bool(kinds.peaks.any() and not kinds.genes.any())


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
