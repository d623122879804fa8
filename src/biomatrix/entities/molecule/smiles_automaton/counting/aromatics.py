"""Aromatic ring systems by the number of their bonds, to write what is owed of aromatic bonds."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from biomatrix.entities.molecule.smiles_automaton.core import Core


class System(NamedTuple):
    """A ring system whose first atom takes a single bond.

    Parameters
    ----------
    text : str
        Its SMILES.
    aromatic, rings : int
        Its bonds, all of them aromatic as RDKit finds them, and its rings.
    elements : tuple of (str, int)
    """

    text: str
    aromatic: int
    rings: int
    elements: tuple[tuple[str, int], ...]


SYSTEMS: Final = (
    System("c1ccccc1", 6, 1, (("C", 6),)),
    System("c1ccc2ccccc2c1", 11, 2, (("C", 10),)),
    System("c1cc[nH]c1", 5, 1, (("C", 4), ("N", 1))),
    System("c1ccoc1", 5, 1, (("C", 4), ("O", 1))),
    System("c1ccsc1", 5, 1, (("C", 4), ("S", 1))),
    System("c1cc2sccc2s1", 9, 2, (("C", 6), ("S", 2))),
    System("c1ccc2[nH]ccc2c1", 10, 2, (("C", 8), ("N", 1))),
    System("c1cc2sc3ccsc3c2s1", 13, 3, (("C", 8), ("S", 3))),
    System("c1c[cH+]1", 3, 1, (("C", 3),)),
    System("c1c[nH][nH]1", 4, 1, (("C", 2), ("N", 2))),
    System("c1ccc[cH+]cc1", 7, 1, (("C", 7),)),
    System("c1cc[nH]cc[nH]c1", 8, 1, (("C", 6), ("N", 2))),
)
"""Preferred first. Sums of fewer than 3 are in reach of none."""
FIRST_MARK: Final = "\ue000"
_MARKS: Final = {chr(ord(FIRST_MARK) + place): system for place, system in enumerate(SYSTEMS)}
"""One character stands for a system while a completion is planned."""
MARK_OF: Final = {system: mark for mark, system in _MARKS.items()}
SYSTEM_WIDTH: Final = 30
"""Characters that a system takes at most, its ring numbers of three characters each."""
_RARE: Final = 8
"""From this place on systems are rare, and each is worth as many common ones."""


def system_of(mark: str) -> System | None:
    """Return the system that a character stands for."""
    return _MARKS.get(mark)


def spelled(mark: str, core: Core) -> str:
    """Return how a system is written in a state: with ring numbers that are free there."""
    text = _MARKS[mark].text
    free = iter(free_labels(core))
    return "".join(_with_numbers(text, [next(free), next(free), next(free)]))


def free_labels(core: Core) -> list[str]:
    """Return the smallest ring numbers that are not in use."""
    used = {label for atom in core.path for label in atom.labels}
    return [str(label) if label < 10 else f"%{label}" for label in range(1, 60) if label not in used]


def first_free_label(core: Core) -> str:
    """Return the smallest ring number that is not in use."""
    used = {label for atom in core.path for label in atom.labels}
    label = next(label for label in range(1, 100) if label not in used)
    return str(label) if label < 10 else f"%{label}"


def _with_numbers(text: str, numbers: list[str]) -> list[str]:
    return [numbers[int(character) - 1] if character.isdigit() else character for character in text]


@lru_cache(maxsize=4096)
def systems_for(bonds: int, elements: frozenset[str], fits: tuple[str, ...] | None = None) -> tuple[System, ...] | None:
    """Return systems with so many aromatic bonds in all, from some elements; None where no sum of systems is.

    Examples
    --------
    >>> [system.text for system in systems_for(11, frozenset("C"))]
    ['c1ccc2ccccc2c1']
    >>> systems_for(2, frozenset("C")) is None
    True
    """
    best: list[tuple[int, tuple[System, ...]] | None] = [(0, ())]
    for total in range(1, bonds + 1):
        found: tuple[int, tuple[System, ...]] | None = None
        for place, system in enumerate(SYSTEMS):
            before = best[total - system.aromatic] if system.aromatic <= total else None
            if before is None or not all(symbol in elements for symbol, _ in system.elements):
                continue
            if fits is not None and system.text not in fits:
                continue
            cost = before[0] + (1 if place < 2 else 2 if place < _RARE else _RARE)
            if found is None or cost < found[0]:
                found = cost, (*before[1], system)
        best.append(found)
    last = best[bonds]
    return None if last is None else last[1]
