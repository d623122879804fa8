"""Names as titles of records: one line of printable characters, so that no name breaks the file it stands in."""

from __future__ import annotations


def title_line(name: str) -> str:
    r"""Return a name as one line, what does not print (line ends, tabs, marks of direction) replaced by a space.

    Examples
    --------
    >>> title_line("aspirin\n\x00 tablet")
    'aspirin tablet'
    """
    return " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
