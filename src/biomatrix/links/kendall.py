"""Kendall's tau-b between a region that is open or not and the expression of a gene, for many pairs at once.

With a 0/1 variable every concordant or discordant pair holds one open and one closed cell, so their difference is a
rank sum (Mann and Whitney's): with R the ranks of the open cells' expression, n cells of which m are open,

    C - D = 2 R - m (n + 1),    tau-b = (C - D) / sqrt(m (n - m) (n (n - 1) / 2 - T))

where T counts the pairs of cells that tie in expression. Ranks are shifted so that cells without the gene have 0; then
both matrices are sparse and so is their product.

Legend: C cells, R regions, G genes, P pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ParseError
from biomatrix.progress import Progress

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, spmatrix

_AT_ONCE: Final = 64
"""Genes whose products are taken together: neighbours share regions. Changes speed and memory only."""


def kendall_tau_b(
    opened: spmatrix,
    expression: spmatrix,
    regions: NDArray[np.int64],
    genes: NDArray[np.int64],
    progress: Progress | None = None,
) -> NDArray[np.float64]:
    """Return tau-b of each pair over all cells, ``float64 [P]``; NaN where the region or the gene never varies.

    Any increasing function of expression gives the same value, so counts per 10,000 and their logarithm are one, but
    raw counts are not, since cells differ in depth.

    Parameters
    ----------
    opened : scipy.sparse matrix or ndarray, shape=(C, R)
        Whatever is not 0 is open.
    expression : scipy.sparse matrix or ndarray, shape=(C, G)
        At least 0, finite.
    regions, genes : ndarray, shape=(P,), dtype=int64
        The columns of each pair.
    progress : Progress, optional
        Advanced by pairs.

    Raises
    ------
    ParseError
        The matrices differ in cells, a pair names no column, or a value is negative or not finite.
    """
    is_open, values = _checked(opened, expression, regions, genes)
    cells = values.shape[0]
    ranks, of_zero, untied = _shifted_ranks(values)
    counts = np.diff(is_open.indptr).astype(np.float64)
    order = np.argsort(genes, kind="stable")
    sums = np.empty(len(order))
    wanted, firsts = np.unique(genes[order], return_index=True)
    ends = np.append(firsts[1:], len(order))
    for begin in range(0, len(wanted), _AT_ONCE):
        stop = min(begin + _AT_ONCE, len(wanted))
        block = order[firsts[begin] : ends[stop - 1]]
        near, rows = np.unique(regions[block], return_inverse=True)
        columns = np.searchsorted(wanted[begin:stop], genes[block])
        product = (is_open[:, near].T @ ranks[:, wanted[begin:stop]]).toarray()
        sums[block] = product[rows, columns]
        if progress is not None:
            progress.advance(len(block))
    m = counts[regions]
    concordance = 2.0 * (sums + m * of_zero[genes]) - m * (cells + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: NDArray[np.float64] = concordance / np.sqrt(m * (cells - m) * untied[genes])
    return np.where(np.isfinite(found), found, np.nan)


def _checked(
    opened: spmatrix, expression: spmatrix, regions: NDArray[np.int64], genes: NDArray[np.int64]
) -> tuple[csc_matrix, csc_matrix]:
    """Return both matrices by column: open as 1, expression without stored zeros."""
    from scipy.sparse import csc_matrix

    is_open, values = csc_matrix(opened, dtype=np.float64), csc_matrix(expression, dtype=np.float64, copy=True)
    is_open.sum_duplicates()
    values.sum_duplicates()
    if is_open.shape[0] != values.shape[0]:
        raise ParseError(
            f"{is_open.shape[0]:,} cells with regions and {values.shape[0]:,} with expression; give the same cells, "
            "in the same order"
        )
    for name, columns, width in (("region", regions, is_open.shape[1]), ("gene", genes, values.shape[1])):
        if len(columns) and not 0 <= columns.min() <= columns.max() < width:
            raise ParseError(f"a pair names a {name} that is none of the {width:,} columns")
    if not np.isfinite(values.data).all() or (values.data < 0).any():
        raise ParseError("expression holds a negative value, NaN or infinity; give counts or log1p of them")
    is_open.eliminate_zeros()
    values.eliminate_zeros()
    is_open.data = np.ones_like(is_open.data)
    return is_open, values


def _shifted_ranks(values: csc_matrix) -> tuple[csc_matrix, NDArray[np.float64], NDArray[np.float64]]:
    """Return the average ranks within each column less the rank of zero, that rank, and the pairs that do not tie.

    Returns
    -------
    ranks : csc_matrix, shape=(C, G)
    of_zero : ndarray, shape=(G,)
        The rank of cells without the gene, from 1.
    untied : ndarray, shape=(G,)
        Pairs of cells whose values differ.
    """
    from scipy.sparse import csc_matrix

    cells, genes = values.shape
    detected = np.diff(values.indptr)
    column = np.repeat(np.arange(genes), detected)
    order = np.lexsort((values.data, column))
    data = values.data[order]
    fresh = np.ones(len(data), dtype=bool)
    fresh[1:] = (data[1:] != data[:-1]) | (column[1:] != column[:-1])
    starts = np.flatnonzero(fresh)
    sizes = np.diff(np.append(starts, len(data)))
    zeros = (cells - detected).astype(np.float64)
    of_zero = (zeros + 1.0) / 2.0
    within = starts - values.indptr[column[starts]] + (sizes + 1.0) / 2.0
    by_group = within + zeros[column[starts]] - of_zero[column[starts]]
    ranks = np.empty(len(data))
    ranks[order] = np.repeat(by_group, sizes)
    tied = zeros * (zeros - 1.0) / 2.0
    np.add.at(tied, column[starts], sizes * (sizes - 1.0) / 2.0)
    made = csc_matrix((ranks, values.indices, values.indptr), shape=values.shape)
    return made, of_zero, cells * (cells - 1.0) / 2.0 - tied
