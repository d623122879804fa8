"""What a filter of one kind's entities is: settings, and the reason why an entity does not pass.

A kind lists its filters in its registration; the build of a corpus applies those that a recipe names.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Final

from biomatrix.entities.settings import Section

_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


class EntityFilter(Section):
    """A rule that entities of one kind pass or not; a subclass's fields are its settings, all with a default."""

    @abstractmethod
    def reason(self, entity: Any, fields: Mapping[str, str]) -> str | None:
        """Return why an entity does not pass, None where it does; ``fields`` are those of its record."""


def number_in(fields: Mapping[str, str], name: str) -> float | None:
    """Return the number that a field begins with, whatever unit stands behind it; None where there is none.

    Examples
    --------
    >>> number_in({"resolution": "2.1 Angstrom"}, "resolution")
    2.1
    """
    found = _NUMBER.match(fields.get(name, "").strip())
    return float(found.group()) if found else None


def above(what: str, value: float, most: float) -> str | None:
    """Return that a share is larger than it may be; None where it is not."""
    return f"{what} {value:.2f}, more than {most:.2f}" if value > most else None


def outside(what: str, value: float, least: float, most: float) -> str | None:
    """Return that a number is not in a range, ends included; None where it is.

    Examples
    --------
    >>> outside("residues", 7, 30, 2048)
    'residues: 7, outside 30 to 2048'
    """
    return None if least <= value <= most else f"{what}: {value:g}, outside {least:g} to {most:g}"
