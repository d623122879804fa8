"""A molecule: an RDKit graph, perhaps with a conformer, and what was noted while reading it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from rdkit import Chem
from rdkit.Chem import AllChem

from biomatrix.errors import ParseError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Molecule:
    """One molecule, immutable by convention.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        A sanitised molecule. At most one conformer is used: the first.
    name : str
        A label for messages and file titles.
    notes : tuple of str
        What a reader did to the record, one sentence each; empty when nothing was changed.
    """

    __slots__ = ("mol", "name", "notes")

    def __init__(self, mol: Chem.Mol, name: str = "", notes: tuple[str, ...] = ()) -> None:
        self.mol = mol
        self.name = name
        self.notes = notes

    @classmethod
    def from_smiles(cls, smiles: str, name: str = "") -> Molecule:
        """Read a SMILES string, stereochemistry and isotopes kept."""
        mol = Chem.MolFromSmiles(smiles)
        if mol is None or mol.GetNumAtoms() == 0:
            raise ParseError(f"not a SMILES string RDKit can read: {smiles[:80]!r}")
        return cls(mol, name)

    @classmethod
    def from_rdkit(cls, mol: Chem.Mol, name: str = "") -> Molecule:
        """Wrap a sanitised RDKit molecule; explicit hydrogens stay explicit."""
        return cls(mol, name)

    @property
    def smiles(self) -> str:
        """The canonical isomeric SMILES, hydrogens implicit."""
        return str(Chem.MolToSmiles(Chem.RemoveHs(self.mol)))

    @property
    def num_atoms(self) -> int:
        """The number of explicit atoms."""
        return int(self.mol.GetNumAtoms())

    @property
    def kind(self) -> Literal["molecule"]:
        """The kind of entity, as modalities name it."""
        return "molecule"

    @property
    def has_structure(self) -> bool:
        """Whether the molecule carries 3D coordinates; the name every kind of entity shares."""
        return self.has_conformer

    @property
    def has_conformer(self) -> bool:
        """Whether the molecule carries 3D coordinates."""
        return bool(self.mol.GetNumConformers()) and bool(self.mol.GetConformer().Is3D())

    @property
    def coordinates(self) -> NDArray[np.float32] | None:
        """The atoms' positions in Angstrom, ``float32 [num_atoms, 3]``, or None without a conformer."""
        if not self.has_conformer:
            return None
        return np.asarray(self.mol.GetConformer().GetPositions(), dtype=np.float32)

    def embed(self, seed: int = 0) -> Molecule:
        """Return the molecule with explicit hydrogens and one ETKDGv3 + MMFF94 conformer."""
        mol = Chem.AddHs(self.mol)
        parameters: Any = AllChem.ETKDGv3()
        parameters.randomSeed = seed
        if AllChem.EmbedMolecule(mol, parameters) != 0:
            raise UnsupportedError(f"RDKit could not embed {self.smiles}")
        AllChem.MMFFOptimizeMolecule(mol)
        return Molecule(mol, self.name, self.notes)

    def __repr__(self) -> str:
        return f"Molecule({self.smiles!r}{', 3D' if self.has_conformer else ''})"
