"""Tables in plain text and in Markdown, and sizes in words."""

from __future__ import annotations

from collections.abc import Sequence

_BYTES = ("B", "kB", "MB", "GB", "TB", "PB")
_COUNTS = ("", "k", "M", "B", "T")


def text_table(rows: Sequence[Sequence[object]]) -> list[str]:
    """Return lines of columns that stand under one another; the first row is the heads."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def markdown_table(rows: Sequence[Sequence[object]]) -> str:
    """Return a table in Markdown; the first row is the heads."""
    lines = [f"| {' | '.join(str(cell).replace('|', '&#124;') for cell in row)} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def short_bytes(size: float) -> str:
    """Return bytes in the largest unit that leaves at least one.

    Examples
    --------
    >>> short_bytes(1_500_000)
    '1.5 MB'
    """
    return _short(size, _BYTES, " ")


def short_count(count: float) -> str:
    """Return a count with at most three figures before its unit.

    Examples
    --------
    >>> short_count(304_400_000_000)
    '304.4B'
    """
    return _short(count, _COUNTS, "")


def short_time(days: float) -> str:
    """Return a time in the unit that suits it.

    Examples
    --------
    >>> short_time(0.25)
    '6.0 hours'
    """
    for unit, length in (("days", 1.0), ("hours", 1 / 24), ("minutes", 1 / 1440)):
        if days >= length:
            return f"{days / length:,.1f} {unit}"
    return "less than a minute"


def _short(value: float, units: Sequence[str], gap: str) -> str:
    place = 0
    while abs(value) >= 1000 and place + 1 < len(units):
        value, place = value / 1000, place + 1
    number = f"{value:,.1f}" if place else f"{value:,.0f}"
    return f"{number}{gap}{units[place]}".rstrip()
