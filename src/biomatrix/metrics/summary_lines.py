"""Summaries as lines of text: one table of figures, its columns aligned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from biomatrix.metrics.codes import CodeUse
    from biomatrix.metrics.summaries import BondError, Share, Spread

DISTANCE_COLUMNS: Final = ("count", "mean", "median", "p95", "max")
"""Columns of :func:`distance_line`."""
SCORE_COLUMNS: Final = ("count", "mean", "median", "p5", "min")
"""Columns of :func:`score_line`."""
BOND_COLUMNS: Final = ("count", "MAE", "bias", "max")
"""Columns of :func:`bond_line`."""

_WIDTH: Final = 28


def heading(title: str, columns: Sequence[str]) -> str:
    """Return the line above a table."""
    return f"{title:{_WIDTH}}" + "".join(f"{column:>9}" for column in columns)


def distance_line(label: str, spread: Spread) -> str:
    """Return the line of a spread whose figure is better when smaller."""
    return _row(label, spread.count, (spread.mean, spread.median, spread.p95, spread.max))


def score_line(label: str, spread: Spread) -> str:
    """Return the line of a spread whose figure is better when larger."""
    return _row(label, spread.count, (spread.mean, spread.median, spread.p5, spread.min))


def bond_line(label: str, error: BondError) -> str:
    """Return the line of the errors of bond lengths."""
    return _row(label, error.count, (error.mae, error.bias, error.max))


def share_words(share: Share) -> str:
    """Return a share in words, such as ``3 of 4 (75.00%)``."""
    return f"{share.kept:,} of {share.total:,}" + (f" ({share.value:.2%})" if share.total else "")


def codes_line(use: CodeUse) -> str:
    """Return the line that says how much of a codebook is in use."""
    return f"codes used: {use.used:,} of {use.num_codes:,}, perplexity {use.perplexity:.1f}, {use.total:,} codes"


def _row(label: str, count: int, values: Sequence[float]) -> str:
    return f"{'  ' + label:{_WIDTH}}{count:9,}" + "".join(f"{value:9.4f}" for value in values)
