"""Accessibility of many cells from matrices of peaks: AnnData in memory, and every file that cells are read from."""

from __future__ import annotations

from dataclasses import dataclass
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
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError

if TYPE_CHECKING:
    from anndata import AnnData
    from pandas import DataFrame
    from scipy.sparse import csr_matrix

    from biomatrix.entities.cell.files.contents import Contents, Place
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


@dataclass(frozen=True, eq=False)
class PeakRows:
    """The columns of one matrix that are peaks, read by ranges of cells.

    Parameters
    ----------
    place : Place
        The matrix.
    found : PeakColumns
        Its columns that are peaks, and where they lie.
    obs : TableRows
        The cells.
    """

    place: Place
    found: PeakColumns
    obs: TableRows

    def read(self, first: int, last: int, rows: csr_matrix | None = None, *, annotated: bool = True) -> RegionCounts:
        """Return the cells from ``first`` up to ``last``.

        Parameters
        ----------
        first, last : int
        rows : scipy.sparse.csr_matrix, optional
            These rows of the matrix, where they have been read already.
        annotated : bool
            Whether their table comes with them.
        """
        read = self.place.rows.read
        pieces = [read(at, min(at + _ROWS, last)) for at in range(first, last, _ROWS)] if rows is None else [rows]
        obs = self.obs.read(first, last) if annotated else None
        return _made(self.found, pieces, self.obs.index(first, last).tolist(), obs)


def peaks_beside(
    contents: Contents, place: Place, *, layer: str | None = None, assembly: str | None = None, one_based: bool = False
) -> tuple[PeakRows | None, tuple[str, ...]]:
    """Return the peaks of a file whose genes are read, None where it has none or they are left out; and notes.

    Parameters
    ----------
    contents : Contents
    place : Place
        The matrix of which genes are read; peaks are those of the same where it has some.
    layer : str, optional
        Where one is named, no other matrix is looked into.
    assembly, one_based : optional
        As of :func:`peaks_of`. Where no assembly is given and the peaks cannot be placed, they are left out by a note:
        the genes are read all the same.

    Raises
    ------
    BioMatrixError
        An assembly is given, and there are no peaks or they cannot be placed on it.
    """
    places = [place] if layer is not None else [place, *contents.places]
    tables = {id(one.var): one for one in reversed(places)}
    counts = {one.name: int(feature_kinds(one.var).peaks.sum()) for one in reversed(list(tables.values()))}
    name = next((name for name, count in counts.items() if count), None)
    if name is None:
        if assembly is not None:
            raise UnsupportedError(f"assembly={assembly!r} tells where peaks lie, and the columns are no peaks")
        return None, ()
    held = contents.place(name)
    try:
        found = _columns_of(held.var, contents, assembly, one_based, beside=True)
    except BioMatrixError as error:
        if assembly is not None:
            raise
        return None, (f"{counts[name]:,} peaks beside the genes were left out: {error.message}",)
    note = f"{len(found.columns):,} peaks of {name} beside the genes are open regions on {found.regions.assembly}"
    return PeakRows(held, found, contents.obs), (note, *found.notes)


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
                place = self.contents.places[0] if layer is None else self.contents.place(layer)
                found = _columns_of(place.var, self.contents, assembly, one_based)
                self._rows = PeakRows(place, found, self.contents.obs)
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self._rows.obs)

    @property
    def notes(self) -> tuple[str, ...]:
        """Which genome the regions lie on, where their places were read, and what was left out."""
        return (f"regions lie on {self._rows.found.regions.assembly}", *self._rows.found.notes)

    def read(self, first: int, last: int) -> RegionCounts:
        """Return the cells from ``first`` up to ``last``."""
        with reading(self.path):
            return self._rows.read(first, min(last, len(self)))


def _columns_of(
    var: TableRows, contents: Contents, assembly: str | None, one_based: bool, *, beside: bool = False
) -> PeakColumns:
    return find_columns(var, assembly=assembly, said=contents.uns(), one_based=one_based, beside=beside)


def peaks_alone(
    contents: Contents, *, layer: str | None = None, assembly: str | None = None, one_based: bool = False
) -> tuple[PeakRows, tuple[str, ...]] | None:
    """Return the peaks of a file that counts no genes, with notes; None where a matrix that may be read has genes.

    Parameters
    ----------
    contents : Contents
    layer, assembly, one_based : optional
        As of :func:`peaks_of`.

    Raises
    ------
    BioMatrixError
        The peaks cannot be placed: no assembly is known, or the file says another one.
    """
    if not holds_peaks(contents, layer):
        return None
    place = contents.places[0] if layer is None else contents.place(layer)
    found = _columns_of(place.var, contents, assembly, one_based)
    note = f"no genes: the {len(found.columns):,} peaks of {place.name} are open regions on {found.regions.assembly}"
    return PeakRows(place, found, contents.obs), (note, *found.notes)


def holds_peaks(contents: Contents, layer: str | None = None) -> bool:
    """Return whether the columns of a file of cells, or of one of its matrices, are peaks, and none are genes."""
    places = contents.places if layer is None else (contents.place(layer),)
    kinds = [feature_kinds(place.var) for place in places]
    return any(each.peaks.any() for each in kinds[:1]) and not any(each.genes.any() for each in kinds)


def _made(found: PeakColumns, pieces: list[Any], barcodes: list[str], obs: DataFrame | None) -> RegionCounts:
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
