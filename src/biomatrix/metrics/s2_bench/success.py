"""Whether an answer does what a row of S2-Bench asks for, in each of its nine sub-tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from biomatrix.metrics.parsed_molecules import ParsedMolecule, parsed
from biomatrix.metrics.s2_bench.functional_groups import PATTERNS, group_counts
from biomatrix.metrics.s2_bench.requests import BONDS, ELEMENTS, atoms_as_asked, bonds_as_asked

if TYPE_CHECKING:
    from rdkit import Chem

Row: TypeAlias = Mapping[str, Any]
"""A row of the official table by column: counts, or ``molecule`` with a group or an ``Instruction``."""

GROUP_COLUMNS: Final[Mapping[str, str]] = {
    ("benzene rings" if group == "benzene ring" else group): group for group in PATTERNS if group != "thioether"
}
"""The columns of FunctionalGroup, and the groups that they count."""


def log_p(mol: Chem.Mol) -> float:
    """Return the octanol-water partition coefficient by Crippen's contributions, as a decimal logarithm."""
    from rdkit.Chem import rdMolDescriptors

    return float(rdMolDescriptors.CalcCrippenDescriptors(mol)[0])


def molar_refractivity(mol: Chem.Mol) -> float:
    """Return the molar refractivity by Crippen's contributions."""
    from rdkit.Chem import rdMolDescriptors

    return float(rdMolDescriptors.CalcCrippenDescriptors(mol)[1])


def drug_likeness(mol: Chem.Mol) -> float:
    """Return QED, from 0 to 1."""
    from rdkit.Chem import QED

    compute: Callable[[Chem.Mol], float] = QED.qed
    return float(compute(mol))


def _atoms(answer: ParsedMolecule, row: Row) -> bool:
    assert answer.mol is not None
    return atoms_as_asked(answer.mol, {column: int(row[column]) for column in ELEMENTS})


def _bonds(answer: ParsedMolecule, row: Row) -> bool:
    assert answer.mol is not None
    return bonds_as_asked(answer.mol, {column: int(row[column]) for column in BONDS})


def _groups(answer: ParsedMolecule, row: Row) -> bool:
    found = answer.fact(group_counts)
    return all(found[group] == int(row[column]) for column, group in GROUP_COLUMNS.items())


def _added(answer: ParsedMolecule, row: Row) -> bool:
    return _gained(answer, row, "added_group") == 1


def _removed(answer: ParsedMolecule, row: Row) -> bool:
    return _gained(answer, row, "removed_group") == -1


def _replaced(answer: ParsedMolecule, row: Row) -> bool:
    return _removed(answer, row) and _added(answer, row)


def _gained(answer: ParsedMolecule, row: Row, column: str) -> int:
    group = str(row[column])
    return answer.fact(group_counts)[group] - source_of(row).fact(group_counts)[group]


def _moved(property_: Callable[[Chem.Mol], float]) -> Callable[[ParsedMolecule, Row], bool]:
    def moved(answer: ParsedMolecule, row: Row) -> bool:
        change = answer.fact(property_) - source_of(row).fact(property_)
        return change < 0 if asks_for_less(str(row["Instruction"])) else change > 0

    return moved


def asks_for_less(instruction: str) -> bool:
    """Return whether a property is to fall: where "lower" or "decrease" stands, in small letters; else it is to rise.

    Examples
    --------
    >>> asks_for_less("a lower LogP"), asks_for_less("DECREASE it"), asks_for_less("make it higher")
    (True, False, False)
    """
    return "lower" in instruction or "decrease" in instruction


def source_of(row: Row) -> ParsedMolecule:
    """Return the molecule that a row gives to be changed.

    Raises
    ------
    ValueError
        It does not parse.
    """
    source = parsed(str(row["molecule"]))
    if not source.valid:
        raise ValueError(f"a row whose molecule does not parse: {str(row['molecule'])[:80]!r}")
    return source


CUSTOMISED: Final = ("AtomNum", "FunctionalGroup", "BondNum")
"""The sub-tasks without a molecule to begin with, weighted by novelty; the others are weighted by similarity to it."""
SUCCESS: Final[Mapping[str, Callable[[ParsedMolecule, Row], bool]]] = {
    "AtomNum": _atoms,
    "FunctionalGroup": _groups,
    "BondNum": _bonds,
    "AddComponent": _added,
    "DelComponent": _removed,
    "SubComponent": _replaced,
    "LogP": _moved(log_p),
    "MR": _moved(molar_refractivity),
    "QED": _moved(drug_likeness),
}
"""For each sub-task, whether a valid answer succeeds."""
