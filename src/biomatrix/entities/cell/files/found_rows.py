"""Rows of the matrix that was found to be read: values, totals and open regions of the same cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.files.contents import Contents
from biomatrix.entities.cell.files.finding import Found, totals_in
from biomatrix.entities.cell.files.matrix_rows import row_sums
from biomatrix.entities.cell.scale import Scale
from biomatrix.entities.cell.values import to_cp10k
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from biomatrix.entities.cell.region_counts import RegionCounts


def rows_of(found: Found, first: int, last: int) -> csr_matrix:
    """Return rows of the matrix that is read, its genes on their scale and checked."""
    values, genes = found.values, found.counted
    _, matrix = to_cp10k(values, found.place.rows.read(first, last), genes)
    checked = matrix if genes is None else matrix[:, np.flatnonzero(genes)]
    check_chunk(checked, values.scale, values.where, first)
    return matrix


def regions_of(found: Found, matrix: csr_matrix, first: int, last: int) -> RegionCounts | None:
    """Return the open regions of cells, None where there are none; of the rows of the matrix where they lie in it."""
    if found.peaks is None:
        return None
    return found.peaks.read(first, last, matrix if found.peaks.place is found.place else None, annotated=False)


def totals_of(
    contents: Contents, found: Found, matrix: csr_matrix, first: int, last: int
) -> NDArray[np.float64] | None:
    """Return the counts of cells over all genes: of the column, else the sums of rows of counts, else None."""
    if found.totals is not None:
        return totals_in(contents.obs, found.totals, first, last)
    if found.values.scale != "counts" or found.matched is None:
        return None
    if found.counted is not None:
        matrix = matrix[:, np.flatnonzero(found.counted)]
    return row_sums(matrix)


def check_chunk(matrix: Any, scale: Scale, where: str, first: int) -> None:
    """Refuse cells that are not what a sample of the file was; ParseError with the row."""
    data = matrix.data
    wrong = data < 0
    if scale == "counts":
        wrong = wrong | (data % 1 > 0)
    if not wrong.any():
        return
    at = int(np.argmax(wrong))
    row = first + int(np.searchsorted(matrix.indptr, at, side="right")) - 1
    if scale == "counts" and data[at] > 0:
        raise ParseError(
            f"{where}: row {row} holds {data[at]:g}, which is no count, and the cells before are counts; say what the "
            "values are (values=)",
            position=row,
        )
    raise ParseError(
        f"{where}: row {row} holds {data[at]:g}, below 0; name the layer of what was measured", position=row
    )
