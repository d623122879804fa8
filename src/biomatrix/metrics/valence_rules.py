"""SMILES read by the valence rules that published numbers rest on: those of RDKit 2023.9.

Later releases allow fewer: phosphorus, arsenic, antimony and bismuth no longer carry seven bonds, aluminium and silicon
no longer six, and an ion carries what the neutral atom with as many electrons carries, so that ``[CH4+]`` is refused
and hexafluorosilicate accepted. Official scripts, and the numbers they gave, count by the rules of their time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rdkit import Chem

CHANGED: Final[Mapping[int, int]] = {13: 6, 14: 6, 15: 7, 33: 7, 37: 1, 51: 7, 81: 3, 83: 7}
"""The most bonds by the rules of 2023.9 where they have changed since, by atomic number."""
_MAY_BE_REFUSED: Final = re.compile(r"\[(?!O-\])[^\]]*-|\[\d*(?:Tl|Rb)")
"""What the later rules may accept and the earlier refuse: anions, thallium, rubidium."""


LONGEST: Final = 5_000
"""The most characters that are read: RDKit follows chains by recursion; one of some ten thousand atoms overflows its
stack, which ends the process; rings by the thousand take minutes."""


def read_smiles(smiles: str) -> Chem.Mol | None:
    """Return the molecule of a SMILES string as RDKit 2023.9 reads it, None where it refuses it or it is too long.

    Every string of a model or a file that a metric makes a molecule of goes through here, or through `unsanitised`.

    Examples
    --------
    >>> read_smiles("C[PH](C)(C)(C)(C)C") is None, read_smiles("C(C)(C)(C)(C)C") is None
    (False, True)
    """
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    if len(smiles) > LONGEST:
        return None
    with BlockLogs():
        try:
            mol: Chem.Mol | None = Chem.MolFromSmiles(smiles)
            if mol is None:
                return _read_by_earlier_rules(smiles)
        except (ValueError, RuntimeError):  # such as a surrogate character, which no UTF-8 holds
            return None
        return mol if _MAY_BE_REFUSED.search(smiles) is None or _all_allowed(mol) else None


def unsanitised(smiles: str) -> Chem.Mol | None:
    """Return the graph of a SMILES string as it is written, None where RDKit refuses it or it is too long."""
    from rdkit import Chem

    mol: Chem.Mol | None = Chem.MolFromSmiles(smiles, sanitize=False) if len(smiles) <= LONGEST else None
    return mol


def _read_by_earlier_rules(smiles: str) -> Chem.Mol | None:
    """Return the molecule where nothing but today's valences stands against it."""
    from rdkit import Chem

    mol = unsanitised(smiles)
    if mol is None:
        return None
    mol.UpdatePropertyCache(strict=False)
    if not _all_allowed(mol):
        return None
    flags = Chem.SanitizeFlags
    Chem.SanitizeMol(mol, flags.SANITIZE_CLEANUP)
    mol.UpdatePropertyCache(strict=False)
    for atom in mol.GetAtoms():
        _fill(atom)
    Chem.SanitizeMol(mol, flags.SANITIZE_ALL ^ flags.SANITIZE_PROPERTIES ^ flags.SANITIZE_CLEANUP)
    mol = Chem.RemoveHs(mol, sanitize=False)
    Chem.AssignStereochemistry(mol, cleanIt=True)
    return mol


def _all_allowed(mol: Chem.Mol) -> bool:
    return all(_bonds(atom) <= most for atom in mol.GetAtoms() if (most := _most_bonds(atom.GetAtomicNum())) >= 0)


def _bonds(atom: Any) -> int:
    """Return the bonds that count: positive charges take one off from carbon's column on, add one before it."""
    from rdkit import Chem

    toward = 1 if Chem.GetPeriodicTable().GetNOuterElecs(atom.GetAtomicNum()) >= 4 else -1
    return int(atom.GetValence(Chem.ValenceType.EXPLICIT)) - toward * int(atom.GetFormalCharge())


def _most_bonds(number: int) -> int:
    """Return the most bonds of an element by the rules of 2023.9, -1 where any number will do."""
    from rdkit import Chem

    return CHANGED.get(number, max(Chem.GetPeriodicTable().GetValenceList(number))) if number else -1


def _fill(atom: Any) -> None:
    """Give an atom without brackets the hydrogens up to its next valence, which today's rules do not know of."""
    from rdkit import Chem

    most, bonds = CHANGED.get(atom.GetAtomicNum(), 0), int(atom.GetValence(Chem.ValenceType.EXPLICIT))
    today = max(Chem.GetPeriodicTable().GetValenceList(atom.GetAtomicNum())) if atom.GetAtomicNum() else 0
    if not atom.GetNoImplicit() and not atom.GetFormalCharge() and today < bonds < most:
        atom.SetNumExplicitHs(most - bonds)
        atom.SetNoImplicit(True)
