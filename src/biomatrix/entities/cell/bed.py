"""Lines of BED: chromosome, start (0-based), end (not included) and more, parted by tabs or spaces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

_SKIPPED: Final = ("#", "track", "browser")


def bed_rows(lines: Iterable[str]) -> Iterator[tuple[int, str, list[str]]]:
    """Yield the number of each line from 1, the line and its fields; without comments, headers and blank lines.

    Examples
    --------
    >>> list(bed_rows(["track name=x", "chr1 5 9"]))
    [(2, 'chr1 5 9', ['chr1', '5', '9'])]
    """
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith(_SKIPPED):
            yield number, line, line.split("\t") if "\t" in line else line.split()
