"""What the numbers of a matrix are: counts, logarithms of normalised counts, something else; no silent guess."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.scale import PER, SCALES, Scale
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError, UnsupportedError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Asked = Literal["auto", "counts", "log1p_cp10k", "rank", "other"]
"""What a caller says the values are; ``auto`` lets :func:`decide_values` find out."""
_HIGHEST_LOG: Final = 18.0
"""log1p of 65 million: no logarithm of normalised counts is higher."""
_SAME_SUM: Final = 0.01
"""How much the sums of cells may differ, relative to their median, to be called the same."""
_WHOLE_SHARE: Final = 0.9
"""Share of values that must be whole multiples of the cell's smallest, where they were counts once."""
_MULTIPLES: Final = 50.0
"""Multiples up to which that is asked: above, single precision no longer tells."""
_NEAR: Final = 0.02
_SCALED_SHARE: Final = 0.01
"""Share of values that are negative from which on a matrix looks scaled, and not damaged."""
_ONES: Final = 1000
"""Values from which on nothing but ones is a mark of what was detected, not a count."""
_BASES: Final = {"the natural logarithm": None, "log2": 2.0, "log10": 10.0}


@dataclass(frozen=True)
class ValuesFound:
    """What a matrix holds.

    Parameters
    ----------
    scale : {"counts", "log1p_cp10k", "rank", "other"}
    where : str
        The matrix: ``X``, ``raw`` or ``layers/...``.
    why : str
        What was seen, in words.
    per : float
        Of logarithms, to how many counts a cell was scaled before; 10,000 unless that is seen to be otherwise.
    """

    scale: Scale
    where: str
    why: str
    per: float = PER

    @property
    def note(self) -> str:
        """One sentence for the notes."""
        rescaled = "" if self.per == PER else f"; brought from {self.per:,.0f} to {PER:,.0f} counts a cell"
        return f"values are {self.scale}, from {self.where}: {self.why}{rescaled}"


def decide_values(
    matrix: csr_matrix, where: str = "X", *, asked: Asked = "auto", totals: NDArray[np.float64] | None = None
) -> ValuesFound:
    """Return what the values of a matrix are.

    Legend: C cells.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix
        Cells by genes, perhaps a sample of the cells.
    where : str
        Which matrix of its file it is, for messages.
    asked : str
        What the caller says they are, which is believed unless the values cannot be that.
    totals : ndarray, shape=(C,), optional
        Counts of each cell over all genes, which tell to how many counts logarithms were scaled.

    Raises
    ------
    ConfigurationError
        ``asked`` is none of the words.
    UnsupportedError
        The values cannot be what the caller says: logarithms are no counts, counts no logarithms.
    """
    if asked != "auto" and asked not in SCALES:
        raise ConfigurationError(f"values={asked!r}; {choices(str(asked), ('auto', *SCALES))}")
    found = _seen(matrix, where, totals)
    if asked == "auto" or asked == found.scale:
        return found
    if asked == "counts":
        _refuse_counts(matrix, found)
    elif asked == "log1p_cp10k":
        _refuse_logarithms(matrix, found)
    elif asked == "rank" and len(matrix.data) and matrix.data.min() < 0:
        raise UnsupportedError(
            f"{where} has negative values, which rank below what was not detected; give values above 0"
        )
    return ValuesFound(asked, where, f"as was said; what is seen is {found.scale} ({found.why})")


def _refuse_counts(matrix: csr_matrix, found: ValuesFound) -> None:
    data = matrix.data
    if len(data) and data.min() < 0:
        raise UnsupportedError(f"{found.where} is no matrix of counts: {found.why}; name the layer that holds counts")
    if found.scale == "log1p_cp10k" or "logarithm" in found.why:
        raise UnsupportedError(
            f"{found.where} is no matrix of counts but of logarithms: {found.why}; give values='log1p_cp10k', or name "
            "the layer that holds counts"
        )


def _refuse_logarithms(matrix: csr_matrix, found: ValuesFound) -> None:
    data = matrix.data
    if not len(data):
        return
    if data.min() < 0 or data.max() > _HIGHEST_LOG or (found.scale == "counts" and data.max() > 1):
        raise UnsupportedError(
            f"{found.where} is no matrix of log1p values: {found.why}, from {data.min():g} to {data.max():g}; "
            "give values='counts' for counts, or take log1p of counts per 10,000 first"
        )


def _seen(matrix: csr_matrix, where: str, totals: NDArray[np.float64] | None) -> ValuesFound:
    data = matrix.data.astype(np.float64)
    if not len(data):
        return ValuesFound("counts", where, "no value is above 0")
    if data.min() < 0:
        below = int((data < 0).sum())
        few = below < _SCALED_SHARE * len(data)
        words = f"{below:,} of {len(data):,}" if few else f"{below / len(data):.0%} of"
        like = f", down to {data.min():g}" if few else ", as after scaling (z-scores)"
        return ValuesFound("other", where, f"{words} values are negative{like}")
    if not np.any(data % 1):
        return _whole(matrix, data, where)
    whole = 1 - float((data % 1 > 0).mean())
    sums = _row_sums(matrix, data)
    if data.max() <= _HIGHEST_LOG:
        found = _logarithms(matrix, data, where, totals)
        if found is not None:
            return found
    words = f"{whole:.0%} of values are whole, the largest is {data.max():.4g}"
    if _same(sums) or _multiples(matrix, data) >= _WHOLE_SHARE:
        return ValuesFound(
            "other", where, f"{words}, cells sum to {np.median(sums):,.0f}: counts per so many without a logarithm"
        )
    return ValuesFound("other", where, f"{words}, and neither sums nor steps are those of log1p of counts per 10,000")


def _whole(matrix: csr_matrix, data: NDArray[np.float64], where: str) -> ValuesFound:
    if data.max() == 1 and len(data) >= _ONES:
        return ValuesFound("other", where, "all values are 0 or 1: whether a gene was detected, not how often")
    sums = _row_sums(matrix, data)
    words = f"all values are whole, from 0 to {data.max():,.0f}"
    if len(sums) >= 10 and _same(sums):
        words += f"; every cell sums to about {np.median(sums):,.0f}, as where reads were drawn to one depth"
    return ValuesFound("counts", where, words)


def _logarithms(
    matrix: csr_matrix, data: NDArray[np.float64], where: str, totals: NDArray[np.float64] | None
) -> ValuesFound | None:
    """Return what values are that look like logarithms, None where they do not."""
    scores: dict[str, tuple[float, bool]] = {}
    for name, base in _BASES.items():
        linear = np.expm1(data) if base is None else base**data - 1
        scores[name] = (_multiples(matrix, linear), _same(_row_sums(matrix, linear)))
    best = max(scores, key=lambda name: (scores[name][1], scores[name][0]))
    share, same = scores[best]
    if not same and share < _WHOLE_SHARE:
        return None
    base = _BASES[best]
    linear = np.expm1(data) if base is None else base**data - 1
    sums = _row_sums(matrix, linear)
    low, high = float(sums.min()), float(sums.max())
    if base is not None:
        return ValuesFound(
            "other", where, f"they look like {best} of one plus normalised counts, a logarithm of another base than e; "
            f"multiply by {np.log(base):.4f} and give values='log1p_cp10k' if cells were scaled to 10,000",
        )  # fmt: skip
    seen = f"{share:.0%} of expm1 are whole multiples of the cell's smallest, cells sum to {low:,.0f} to {high:,.0f}"
    if same:
        return ValuesFound("log1p_cp10k", where, f"log1p: {seen}", _rounded(float(np.median(sums))))
    told = None if totals is None else _per_of_totals(matrix, linear, totals)
    if told is not None:
        return ValuesFound("log1p_cp10k", where, f"log1p: {seen}, and with the totals of cells {told:,.0f}", told)
    if high <= PER * (1 + _SAME_SUM):
        return ValuesFound(
            "log1p_cp10k", where, f"log1p: {seen}, so that genes were left out after scaling, taken to be to 10,000"
        )
    return ValuesFound(
        "other", where, f"logarithms of an unknown scaling: {seen}; give values='log1p_cp10k' if it was to 10,000"
    )


def _rows_with_values(matrix: csr_matrix) -> Any:
    return np.flatnonzero(np.diff(matrix.indptr))


def _row_sums(matrix: csr_matrix, data: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums of the rows that have values."""
    return np.add.reduceat(data, matrix.indptr[_rows_with_values(matrix)])


def _same(sums: NDArray[np.float64]) -> bool:
    middle = float(np.median(sums))
    return len(sums) > 1 and float(np.abs(sums - middle).max()) <= _SAME_SUM * middle


def _smallest(matrix: csr_matrix, linear: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.minimum.reduceat(linear, matrix.indptr[_rows_with_values(matrix)])


def _multiples(matrix: csr_matrix, linear: NDArray[np.float64]) -> float:
    """Return the share of values that are whole multiples of the smallest of their cell, those apart that are it."""
    counts = np.diff(matrix.indptr)
    least = np.repeat(_smallest(matrix, linear), counts[counts > 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = linear / least
    asked = (ratio > 1 + _NEAR) & (ratio < _MULTIPLES)
    if not asked.any():
        return 0.0
    return float((np.abs(ratio[asked] - np.round(ratio[asked])) < _NEAR).mean())


def _per_of_totals(matrix: csr_matrix, linear: NDArray[np.float64], totals: NDArray[np.float64]) -> float | None:
    """Return to how many counts cells were scaled, from their smallest value (one count) and their totals."""
    per = _smallest(matrix, linear) * totals[_rows_with_values(matrix)]
    per = per[np.isfinite(per) & (per > 0)]
    if len(per) < 2:
        return None
    middle = float(np.median(per))
    agree = float((np.abs(per - middle) <= _NEAR * middle).mean())
    return _rounded(middle) if agree >= _WHOLE_SHARE else None


def _rounded(per: float) -> float:
    """Return 10,000 or a million where the number is that but for rounding."""
    return next((known for known in (PER, 1e6) if abs(per - known) <= _NEAR * known), per)


def to_cp10k(
    found: ValuesFound, matrix: csr_matrix, genes: NDArray[np.bool_] | None = None
) -> tuple[ValuesFound, csr_matrix]:
    """Return logarithms brought to log1p of counts per 10,000, and what they then are; of genes alone where told."""
    if found.scale != "log1p_cp10k" or found.per == PER:
        return found, matrix
    made = matrix.copy()
    scaled: Any = slice(None) if genes is None else genes[made.indices]
    made.data[scaled] = np.log1p(np.expm1(made.data[scaled].astype(np.float64)) * (PER / found.per))
    return replace(found, per=PER), made
