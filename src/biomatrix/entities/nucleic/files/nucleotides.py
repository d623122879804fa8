"""One nucleotide of a structure file: which atoms it has, what base it is, and where the fifteen kept atoms lie."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.structure_files.atom_table import AtomTable

PLAIN: Final[dict[str, str]] = {
    **{letter: letter for letter in "ACGUIN"},
    **{"D" + letter: letter for letter in "ACGTUIN"},
    "T": "T", "ADE": "A", "CYT": "C", "GUA": "G", "URA": "U", "URI": "U", "THY": "T", "RA": "A", "RC": "C", "RG": "G",
    "RU": "U", "GUN": "G",
}  # fmt: skip
"""Names of plain nucleotides, those of force fields and older files among them, and their letters."""
_ENDS: Final = ("3", "5", "N")
_OLD: Final = {"O1P": "OP1", "O2P": "OP2", "O1'": "O4'", "C5M": "C7", "OP1'": "OP1"}
_SUGAR: Final = frozenset(("C1'", "C2'", "C3'", "C4'", "O4'"))
_LONGEST_GLYCOSIDIC: Final = 1.8
"""Angstrom from C1' to the atom of the base that it bears."""
_GLYCOSIDIC: Final = {"N9": ("C4", "C8"), "N1": ("C2", "C6"), "C5": ("C4", "C6")}
"""The atom that may bear the base, and the two of the base that are kept beside it."""
_PLACE: Final = {name: place for place, name in enumerate(NucleicAcid.ATOMS)}


@dataclass
class Nucleotide:
    """One residue that is a nucleotide.

    Parameters
    ----------
    rows : list of int
        Of the atom table, in file order, of the conformer that is kept.
    name : str
        Its residue name.
    letter : str
        Its base as of DNA or RNA, N where nothing tells it.
    deoxy : bool or None
        Whether its sugar has no O2'; None where there is no C2' to tell.
    positions : ndarray, shape=(15, 3), dtype=float32
    atoms : dict of str to int
        Row of every atom by its present name.
    altered : bool
        Whether alternate locations were left out.
    renamed : bool
        Whether it had atoms of older names.
    """

    rows: list[int]
    name: str
    letter: str
    deoxy: bool | None
    positions: NDArray[np.float32]
    atoms: dict[str, int]
    altered: bool
    renamed: bool

    @property
    def is_plain(self) -> bool:
        """Whether its name is that of a plain nucleotide of the sugar it has."""
        base = plain_name(self.name)
        return base is not None and not (len(base) == 2 and base[0] == "D" and self.deoxy is False)


def plain_name(name: str) -> str | None:
    """Return a name of the table without the letter by which force fields mark the ends of strands; None for others."""
    if name in PLAIN:
        return name
    return name[:-1] if name[-1:] in _ENDS and name[:-1] in PLAIN and len(name) > 1 else None


def present_name(atom: str) -> str:
    """Return today's name of an atom: primes for stars, OP1 for O1P."""
    atom = atom.replace("*", "'")
    return _OLD.get(atom, atom)


def nucleotide_of(table: AtomTable, rows: list[int]) -> Nucleotide | None:
    """Return the nucleotide of the rows of one residue; None where they are none."""
    kept, altered = _conformer(table, rows)
    atoms: dict[str, int] = {}
    renamed = False
    for row in kept:
        name = present_name(table.names[row])
        renamed |= name != table.names[row]
        if table.resolved[row]:
            atoms.setdefault(name, row)
    name = str(table.residue[kept[0]])
    known = plain_name(name)
    if known is None and (len(_SUGAR & atoms.keys()) < 4 or not _is_linking(name)):
        return None
    if known is not None and not atoms.keys() & (_SUGAR | {"P"}):
        return None
    letter = PLAIN[known] if known is not None else parent_letter(name) or _letter_by_atoms(atoms)
    deoxy = "O2'" not in atoms if "C2'" in atoms else None
    positions = _positions(table, atoms)
    return Nucleotide(kept, name, letter, deoxy, positions, atoms, altered, renamed)


def _conformer(table: AtomTable, rows: list[int]) -> tuple[list[int], bool]:
    """Return the rows of the best occupied alternate location with those of none, and whether there are others."""
    marks: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        if table.alternate[row]:
            marks[str(table.residue[row]), str(table.alternate[row])].append(float(table.occupancy[row]))
    if not marks:
        name = table.residue[rows[0]]
        return [row for row in rows if table.residue[row] == name], False
    name, mark = min(marks, key=lambda one: (-sum(marks[one]) / len(marks[one]), one[1], one[0]))
    same = [row for row in rows if table.residue[row] == name]
    return [row for row in same if table.alternate[row] in ("", mark)], len(marks) > 1


def _positions(table: AtomTable, atoms: dict[str, int]) -> NDArray[np.float32]:
    found = np.full((len(_PLACE), 3), np.nan, dtype=np.float32)
    for name, place in _PLACE.items():
        if name in atoms and name != "N":
            found[place] = table.coordinates[atoms[name]]
    bearer = glycosidic_atom(table, atoms)
    if bearer is not None:
        for place, name in zip((12, 13, 14), (bearer, *_GLYCOSIDIC[bearer]), strict=True):
            if name in atoms:
                found[place] = table.coordinates[atoms[name]]
    return found


def glycosidic_atom(table: AtomTable, atoms: dict[str, int]) -> str | None:
    """Return the atom of the base that C1' bears: the nearest; by name, N9 before N1, where C1' is missing."""
    candidates = [name for name in _GLYCOSIDIC if name in atoms]
    if not candidates:
        return None
    if "C1'" not in atoms:
        return candidates[0] if candidates[0] != "C5" else None
    sugar = table.coordinates[atoms["C1'"]]
    distances = {name: float(np.linalg.norm(table.coordinates[atoms[name]] - sugar)) for name in candidates}
    nearest = min(distances, key=lambda name: distances[name])
    return nearest if distances[nearest] <= _LONGEST_GLYCOSIDIC else None


@cache
def _is_linking(name: str) -> bool:
    """Return whether the component dictionary says a component joins to a strand, or does not know it."""
    kind = _described(name, "type")
    return kind is None or "RNA" in kind or "DNA" in kind or name in _CAPS


_CAPS: Final = frozenset(("GTP", "GDP", "G7M", "M7G", "MGT", "ATP", "CTP", "UTP"))
"""Components that are ligands elsewhere and begin strands, by their 5' phosphates."""


@cache
def parent_letter(name: str) -> str | None:
    """Return the letter of the standard parent of a modified residue by the component dictionary; None without one."""
    for column in ("mon_nstd_parent_comp_id", "one_letter_code"):
        parent = (_described(name, column) or "").split(",")[0].strip()
        letter = PLAIN.get(parent)
        if letter is not None and letter != "N":
            return letter
    return None


def _described(name: str, column: str) -> str | None:
    from biotite.structure.info import get_from_ccd

    try:
        found = get_from_ccd("chem_comp", name, column)
    except KeyError:
        return None
    text = "" if found is None else str(found.as_array(str)[0])
    return None if text in ("", "?", ".") else text.upper()


def _letter_by_atoms(atoms: dict[str, int]) -> str:
    """Return the base that the atoms of a residue that nothing names spell, N where they do not."""
    if "N9" in atoms:
        return "A" if "N6" in atoms else "G" if {"O6", "N2"} <= atoms.keys() else "N"
    return "C" if "N4" in atoms else "U" if {"O2", "O4"} <= atoms.keys() else "N"
