"""Hydrogens and charges that a MOL2 record leaves to its reader.

The format states no formal charges: they follow from the hydrogens, which docking programs leave out, all or those on
carbon. Read to the letter, such a record is made of radicals and anions.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from rdkit import Chem

from biomatrix.entities.molecule.chemistry_log import captured_log

_CARBON: Final = 6
_OPEN: Final = frozenset({7, 8, 15, 16, 34})
"""Elements that RDKit charges where their hydrogens are missing."""
_CHARGED_TYPES: Final = frozenset({"O.co2"})
_METALS_FROM: Final = 0.05
"""How far from a whole number the charge column may be to state the charge of an ion."""
_LIGHT_OR_NO_METAL: Final = frozenset(
    {1, 2, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 32, 33, 34, 35, 36, 52, 53, 54, 85, 86}
)

ALL_FILLED: Final = "the record has no hydrogens: open valences were filled with them, which decides the charges"
CARBON_FILLED: Final = "the record has no hydrogens on carbon: open valences of carbon were filled with them"


def complete(mol: Chem.Mol, stated: Collection[int]) -> tuple[str, ...]:
    """Fill open valences where hydrogens are missing, and give metal ions the charge of the charge column.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        As RDKit reads it; changed.
    stated : collection of int
        Indices of the atoms whose formal charge the record states.

    Returns
    -------
    tuple of str
        A note on what was done.
    """
    notes = _charge_metals(mol, stated)
    hydrogens = [atom for atom in mol.GetAtoms() if atom.GetAtomicNum() == 1]
    if any(neighbour.GetAtomicNum() == _CARBON for atom in hydrogens for neighbour in atom.GetNeighbors()):
        return notes
    filled = [atom for atom in mol.GetAtoms() if _is_open(atom, everywhere=not hydrogens, stated=stated)]
    for atom in filled:
        atom.SetNumRadicalElectrons(0)
        atom.SetNoImplicit(False)
        if atom.GetIdx() not in stated and atom.GetAtomicNum() in _OPEN:
            atom.SetFormalCharge(int(_type_of(atom) == "N.4"))
    if not filled:
        return notes
    with captured_log():
        mol.UpdatePropertyCache(strict=False)
    return (*notes, CARBON_FILLED if hydrogens else ALL_FILLED)


def _is_open(atom: Chem.Atom, *, everywhere: bool, stated: Collection[int]) -> bool:
    """Return whether an atom lacks hydrogens: carbon with unpaired electrons, others charged for the lack of them."""
    if atom.GetAtomicNum() == _CARBON:
        return atom.GetNumRadicalElectrons() > 0
    if not everywhere or atom.GetAtomicNum() not in _OPEN or _type_of(atom) in _CHARGED_TYPES:
        return False
    beside_cation = any(neighbour.GetFormalCharge() > 0 for neighbour in atom.GetNeighbors())
    negative = atom.GetFormalCharge() < 0 and atom.GetIdx() not in stated and not beside_cation
    return negative or atom.GetNumRadicalElectrons() > 0


def _charge_metals(mol: Chem.Mol, stated: Collection[int]) -> tuple[str, ...]:
    named = []
    for atom in mol.GetAtoms():
        if atom.GetDegree() or atom.GetIdx() in stated or atom.GetAtomicNum() in _LIGHT_OR_NO_METAL:
            continue
        column = float(atom.GetProp("_TriposPartialCharge")) if atom.HasProp("_TriposPartialCharge") else 0.0
        whole = round(column) if abs(column - round(column)) < _METALS_FROM else 0
        if whole or atom.GetFormalCharge() < 0:
            atom.SetFormalCharge(whole)
            atom.SetNumRadicalElectrons(0)
            named.append(f"{atom.GetSymbol()} {whole:+d}")
    return (f"charges of ions were taken from the charge column: {', '.join(named)}",) if named else ()


def _type_of(atom: Chem.Atom) -> str:
    return str(atom.GetProp("_TriposAtomType")) if atom.HasProp("_TriposAtomType") else ""
