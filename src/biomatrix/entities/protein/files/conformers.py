"""Which of the alternate locations of a residue is read: one conformer, never parts of two.

A conformer is the atoms under one identifier and one residue name, with the atoms that carry no identifier and that it
does not name itself. Complete backbones come first, then the occupancy of CA (else the mean of the conformer), then the
alphabet. What the kept conformer lacks is missing.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final, NamedTuple

from biomatrix.entities.protein.files.residue import BACKBONE, Residue
from biomatrix.entities.structure_files.atom_table import AtomTable

_FULL: Final = 0.995
"""An occupancy that rounds to 1."""


class _Conformer(NamedTuple):
    """A residue name, an identifier, and the rows of its backbone atoms by name."""

    name: str
    identifier: str
    occupancy: float
    backbone: dict[str, list[int]]


def place_residue(table: AtomTable, rows: list[int]) -> Residue:
    """Return the residue of some rows with the conformer that is kept and the positions of its backbone."""
    marks = dict.fromkeys(table.marks[row] for row in rows)
    names = tuple(dict.fromkeys(name for name, _ in marks))
    identifiers = {identifier for _, identifier in marks}
    conformers = _conformers(table, rows)
    kept = min(conformers, key=lambda one: (-len(one.backbone), -one.occupancy, one.identifier, one.name))
    residue = Residue(rows, kept.name, names, kept.identifier, any(identifiers) and len(identifiers) > 1)
    residue.partial = any(one.occupancy > kept.occupancy for one in conformers)
    residue.repeated = any(len(found) > 1 for found in kept.backbone.values())
    occurrence = _best_occurrence(table, kept.backbone.get("CA", []))
    found = {place: kept.backbone[atom] for place, atom in enumerate(BACKBONE) if atom in kept.backbone}
    for place, at in found.items():  # four rows at most: an array of them costs more than it saves
        row = at[occurrence if occurrence < len(at) else 0]
        if table.resolved[row]:
            residue.positions[place] = table.coordinates[row]
    return residue


def _conformers(table: AtomTable, rows: list[int]) -> list[_Conformer]:
    """Return every conformer of a residue; one without an identifier where no atom of the backbone carries one."""
    own: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows:
        own[table.marks[row]].append(row)
    if len(own) == 1:
        ((name, identifier),) = own
        return [_Conformer(name, identifier, 1.0, _backbone(table, rows))]
    shared = {name: _backbone(table, found) for (name, identifier), found in own.items() if not identifier}
    conformers = []
    for (name, identifier), found in own.items():
        backbone = _backbone(table, found)
        beside = shared.get(name, {})
        plain_alone = not any(other and of == name for of, other in own)
        if not identifier and not plain_alone and not _has_rival(table, name, own):
            continue  # what all conformers share is no conformer
        occupancies = [float(table.occupancy[row]) for row in backbone.get("CA", [])[:1] or found]
        borrowed = {
            atom: at for atom, at in beside.items() if atom not in backbone and _is_shared(table, at, beside, backbone)
        }
        conformers.append(_Conformer(name, identifier, sum(occupancies) / len(occupancies), {**borrowed, **backbone}))
    return conformers


def _has_rival(table: AtomTable, name: str, own: dict[tuple[str, str], list[int]]) -> bool:
    """Whether a CA without an identifier stands beside a CA with one: it is then of a conformer, not of all."""
    marks = {identifier for (of, identifier), rows in own.items() if of == name and "CA" in table.atom[rows]}
    return "" in marks and len(marks) > 1


def _is_shared(table: AtomTable, at: list[int], beside: dict[str, list[int]], backbone: dict[str, list[int]]) -> bool:
    """Whether an atom without an identifier is part of a conformer too.

    It is where the conformer has no CA of its own that differs from the one without an identifier, or where it is
    better occupied than that one, so that it is of more than one conformer.
    """
    if "CA" not in beside or "CA" not in backbone:
        return True
    occupancy = float(table.occupancy[at[0]])
    return occupancy >= _FULL or occupancy > float(table.occupancy[beside["CA"][0]])


def _backbone(table: AtomTable, rows: list[int]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if table.names[row] in BACKBONE:
            found[table.names[row]].append(row)
    return dict(found)


def _best_occurrence(table: AtomTable, alphas: list[int]) -> int:
    """Return which of several CA under one identifier has the highest occupancy; the first in a tie."""
    return max(range(len(alphas)), key=lambda index: (float(table.occupancy[alphas[index]]), -index), default=0)
