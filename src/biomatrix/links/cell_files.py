"""Cells with open regions, with expression, or with both, from every file that cells are read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.assemblies import chromosome_indices
from biomatrix.entities.cell.files import stores
from biomatrix.entities.cell.files.damage import cells_library, reading
from biomatrix.entities.cell.files.feature_kinds import ensembl_column, feature_kinds
from biomatrix.entities.cell.files.peak_columns import assembly_said, column_places
from biomatrix.entities.cell.files.table_rows import FrameRows
from biomatrix.entities.cell.scale import PER
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError
from biomatrix.links.gene_places import GenePlaces
from biomatrix.links.region_set import RegionSet

if TYPE_CHECKING:
    from anndata import AnnData
    from scipy.sparse import csc_matrix

_ASSEMBLY: Final = ("assembly", "genome")
_BITS: Final = 40
_SAME: Final = 0.1
"""The least share of cells that two files of the same cells have in common."""


@dataclass(frozen=True, eq=False)
class Expressed:
    """Expression of cells.

    Legend: C cells, G genes.

    Parameters
    ----------
    values : scipy.sparse.csc_matrix, shape=(C, G)
        log1p of counts per 10,000, or what the file held where that is no counts.
    gene : ndarray, shape=(G,), dtype=int64
        Rows of a table of genes; each once.
    cells : ndarray, shape=(C,), dtype=object
        Barcodes.
    notes : tuple of str
    """

    values: csc_matrix
    gene: NDArray[np.int64]
    cells: NDArray[np.object_]
    notes: tuple[str, ...] = ()


def open_cells(path: Path) -> AnnData:
    """Return the cells of a file as AnnData: its main matrix as ``float64`` in rows, obs, var and uns.

    Parameters
    ----------
    path : Path
        As of :meth:`biomatrix.CellSet.from_file`.

    Raises
    ------
    ConfigurationError
        anndata is missing.
    BioMatrixError
        The file is of another format, is broken, leads out of itself, or declares more than it can hold.
    """
    anndata = cells_library("anndata")
    with stores.open_cells(path) as contents, reading(path):
        place = contents.places[0]
        place.rows.dtype = np.float64  # values that are nearly the same must not become ties
        cells, variables = place.rows.shape
        matrix = place.rows.read(0, cells)
        if (matrix.data < 0).any():
            raise ParseError(f"{place.name} holds a negative value; give counts or log1p of them")
        obs, var = contents.obs.read(0, cells), place.var.read(0, variables)
        if not obs.index.is_unique:
            raise ParseError("two cells have the same name; give each its own (adata.obs_names_make_unique())")
        adata: AnnData = anndata.AnnData(matrix, obs=obs, var=var, uns=dict(contents.uns()))
    return adata


def regions_of_cells(adata: AnnData, assembly: str | None, file: str) -> RegionSet | None:
    """Return the regions of cells, None where the file holds none.

    Raises
    ------
    ConfigurationError
        Nothing says which assembly they lie on.
    ParseError
        A region is none.
    """
    from scipy.sparse import csc_matrix

    wanted = np.flatnonzero(feature_kinds(FrameRows("var", adata.var)).peaks)
    if not len(wanted):
        return None
    chromosome, start, end, told = _places(adata, wanted, file)
    if told and assembly and told != assembly:
        raise ConfigurationError(f"the file says {told}, --assembly says {assembly}", file=file)
    if not (told or assembly):
        raise ConfigurationError(
            "nothing says which genome the regions lie on; give --assembly hg38 (or lift them over from hg19 first)",
            file=file,
        )
    kept = np.flatnonzero(chromosome >= 0)
    opened = csc_matrix(adata.X[:, wanted[kept]], dtype=np.float64)
    left = len(chromosome) - len(kept)
    notes = (f"{left:,} regions are not on chr1 to chr22, X, Y or M and are left out",) if left else ()
    signal = np.asarray(opened.sum(axis=0)).ravel()
    try:
        parts = (chromosome[kept], start[kept], end[kept], signal)
        return RegionSet(assembly or told, *parts, opened=opened, notes=notes)
    except ParseError as error:
        raise error.at(file=file) from error


def _places(
    adata: AnnData, wanted: NDArray[np.int64], file: str
) -> tuple[NDArray[np.int16], NDArray[np.int64], NDArray[np.int64], str]:
    """Return chromosomes, starts and ends of the variables that are regions, and the assembly that the file says."""
    var = FrameRows("var", adata.var)
    said = {name: adata.uns[name] for name in _ASSEMBLY if name in adata.uns}
    try:
        chromosomes, start, end, told, _ = column_places(var, wanted)
        told = assembly_said(told, var, wanted, said, human=False)
    except BioMatrixError as error:
        raise error.at(file=file) from error
    return chromosome_indices(chromosomes), start, end, told


def expression_of_cells(adata: AnnData, genes: GenePlaces, totals: str | None, file: str) -> Expressed | None:
    """Return the expression of cells, None where the file holds none.

    Parameters
    ----------
    adata : anndata.AnnData
    genes : GenePlaces
    totals : str, optional
        The column of ``obs`` with each cell's counts over all genes; the sum over the file's genes where not given.
    file : str

    Raises
    ------
    ConfigurationError
        There is no such column.
    BioMatrixError
        Hardly a name is a gene; see :meth:`~biomatrix.links.gene_places.GenePlaces.rows_resolved`.
    """
    from scipy.sparse import csc_matrix

    var = adata.var
    columns = np.flatnonzero(feature_kinds(FrameRows("var", var)).genes)
    if not len(columns):
        return None
    ids, _ = ensembl_column(FrameRows("var", var))
    names = [str(one) for one in var.index[columns]]
    try:
        rows, notes = genes.rows_resolved(names, None if ids is None else ids[columns].tolist())
    except BioMatrixError as error:
        raise error.at(file=file) from error
    known = np.flatnonzero(rows >= 0)
    counts = csc_matrix(adata.X, dtype=np.float64)[:, columns]
    values, note = _normalised(counts, adata.obs, totals, file)
    return Expressed(values[:, known], rows[known], np.array(adata.obs_names, dtype=object), (note, *notes))


def _normalised(counts: csc_matrix, obs: Any, totals: str | None, file: str) -> tuple[csc_matrix, str]:
    if totals is not None and totals not in obs:
        raise ConfigurationError(f"no column {totals!r} in obs; there are: {', '.join(map(str, obs))}", file=file)
    if len(counts.data) and (counts.data != np.floor(counts.data)).any():
        return counts, "expression is not whole numbers: taken as normalised"
    sums = np.asarray(counts.sum(axis=1)).ravel() if totals is None else np.asarray(obs[totals], dtype=np.float64)
    if not np.isfinite(sums).all() or (sums < 0).any():
        raise ParseError(f"the totals in {totals!r} are not at least 0", file=file)
    over = "the genes of the file" if totals is None else f"obs[{totals!r}]"
    return log1p_per_ten_thousand(counts, sums), f"expression is counts: log1p per 10,000 of {over}"


def log1p_per_ten_thousand(counts: csc_matrix, totals: NDArray[np.float64]) -> csc_matrix:
    """Return log1p of counts per 10,000, ``float64 [C, G]``.

    Counts are divided by the total first, which rounds once, and the quotient is rounded to 40 bits: 2 of 10,000 and 4
    of 20,000 are one value, and tie.

    Parameters
    ----------
    counts : scipy.sparse.csc_matrix, shape=(C, G)
    totals : ndarray, shape=(C,), dtype=float64
    """
    from scipy.sparse import csc_matrix

    shares, exponents = np.frexp(counts.data / np.maximum(totals, 1.0)[counts.indices])
    rounded = np.ldexp(np.round(np.ldexp(shares, _BITS)), exponents - _BITS)
    return csc_matrix((np.log1p(rounded * PER), counts.indices, counts.indptr), shape=counts.shape)


def same_cells(first: NDArray[np.object_], second: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of the cells that both have, by barcode, in the order of the first.

    Raises
    ------
    ConfigurationError
        They have hardly a cell in common.
    """
    place: Mapping[object, int] = {name: row for row, name in enumerate(second)}
    pairs = [(row, place[name]) for row, name in enumerate(first) if name in place]
    if len(pairs) < max(2, _SAME * min(len(first), len(second))):
        raise ConfigurationError(
            f"{len(pairs):,} barcodes of {len(first):,} and {len(second):,} cells agree, such as {first[:1]} and "
            f"{second[:1]}; give files of the same cells with the same barcodes"
        )
    rows = np.array(pairs, dtype=np.int64)
    return rows[:, 0], rows[:, 1]
