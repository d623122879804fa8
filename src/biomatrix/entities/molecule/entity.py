"""A molecule: an RDKit graph, perhaps with a conformer, and notes of the reader."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers
from rdkit.Chem.rdMolDescriptors import CalcMolFormula
from rdkit.Geometry import Point3D

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.modality_registry import modality
from biomatrix.entities.molecule.chemistry_log import captured_log, plain_reason
from biomatrix.entities.molecule.queries import is_query, is_smarts
from biomatrix.entities.molecule.selfies_text import smiles_of
from biomatrix.entities.molecule.smiles_text import group_notes, split_smiles
from biomatrix.entities.records import read_entity, write_entities
from biomatrix.errors import LimitError, ParseError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

_SHOWN = 80
_NOT_TETRAHEDRAL = (
    Chem.ChiralType.CHI_SQUAREPLANAR,
    Chem.ChiralType.CHI_TRIGONALBIPYRAMIDAL,
    Chem.ChiralType.CHI_OCTAHEDRAL,
)
_BOND_TYPES = {1: Chem.BondType.SINGLE, 2: Chem.BondType.DOUBLE, 3: Chem.BondType.TRIPLE}
_LARGEST_EMBEDDED = 1_000
_EMBED_SECONDS = 15
"""Seconds after which each of two attempts gives up on a caged or crowded graph."""
_FRAGMENT_GAP = 3.0


class Molecule(Entity):
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

    kind: ClassVar[str] = "molecule"

    def __init__(self, mol: Chem.Mol, name: str = "", notes: tuple[str, ...] = ()) -> None:
        self.mol = mol
        self.name = name
        self.notes = notes

    @classmethod
    def from_smiles(cls, smiles: str, name: str = "", *, limits: Limits = DEFAULT_LIMITS) -> Molecule:
        """Read a SMILES string, stereochemistry, isotopes, radicals and all fragments kept.

        A title after white space becomes the name where none is given; a ChemAxon extension (``|...|``) is read.

        Raises
        ------
        ParseError
            Broken syntax or impossible chemistry; ``position`` is the atom's index where RDKit names one.
        UnsupportedError
            A query, such as one of SMARTS.
        LimitError
            More atoms than ``limits.atoms_per_molecule``.

        Examples
        --------
        >>> Molecule.from_smiles("OCC").smiles
        'CCO'
        """
        text, extension, title = split_smiles(smiles)
        name = name or title
        if not text:
            raise ParseError("an empty SMILES string")
        # A SMILES string has no more atoms than characters, so only a long one has to be counted before the work.
        if len(text) > limits.atoms_per_molecule:
            limits.check("atoms_per_molecule", _count_smiles_atoms(text), "number of atoms")
        with captured_log() as log:
            mol = Chem.MolFromSmiles(f"{text} {extension}".strip())
            reason, atom = log.reason, log.atom
        if is_query(mol) if mol is not None else is_smarts(text):
            raise UnsupportedError(f"a query (SMARTS), which stands for many molecules: {text[:_SHOWN]!r}")
        if mol is None or mol.GetNumAtoms() == 0:
            raise ParseError(
                f"not a SMILES string RDKit can read: {text[:_SHOWN]!r} ({reason or 'no atoms'})", position=atom
            )
        notes = ("wildcard atoms kept as *",) if _has_wildcard(mol) else ()
        return cls(mol, name, notes + group_notes(mol))

    @classmethod
    def from_selfies(cls, selfies: str, name: str = "", *, limits: Limits = DEFAULT_LIMITS) -> Molecule:
        """Read a SELFIES string.

        Raises
        ------
        ParseError
            Text outside brackets, or a symbol SELFIES does not define; ``position`` is the symbol's index from 0.
        LimitError
            More symbols than ``limits.atoms_per_molecule``.
        """
        return cls.from_smiles(smiles_of(selfies, limits), name, limits=limits)

    @classmethod
    def from_file(
        cls, path: str | Path, record: int = 1, *, file_format: str | None = None, limits: Limits = DEFAULT_LIMITS
    ) -> Molecule:
        """Read one record, counted from 1, of a .smi, .selfies, .sdf, .mol or .mol2 file, gzipped or not.

        Raises
        ------
        ParseError
            The record is broken or missing, or the file cannot be read.
        """
        molecule = read_entity(path, record, kind=cls.kind, file_format=file_format, limits=limits)
        assert isinstance(molecule, cls)
        return molecule

    @classmethod
    def from_rdkit(cls, mol: Chem.Mol, name: str = "") -> Molecule:
        """Wrap a copy of an RDKit molecule, sanitised where it was not; explicit hydrogens stay explicit.

        Raises
        ------
        ParseError
            No molecule, no atoms, or impossible chemistry.
        """
        if mol is None or mol.GetNumAtoms() == 0:
            raise ParseError("RDKit gave no molecule, or one without atoms")
        copy = Chem.Mol(mol)
        if copy.NeedsUpdatePropertyCache() or copy.GetRingInfo().NumRings() == 0:
            sanitise(copy)
        return cls(copy, name or (copy.GetProp("_Name") if copy.HasProp("_Name") else ""))

    @classmethod
    def from_arrays(
        cls,
        atomic_numbers: ArrayLike,
        positions: ArrayLike | None = None,
        bonds: ArrayLike = (),
        formal_charges: ArrayLike | None = None,
        name: str = "",
        *,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Molecule:
        """Build a molecule from columns, stereochemistry assigned from the positions.

        Parameters
        ----------
        atomic_numbers : array_like, shape=(n,), dtype=int
            Explicit hydrogens included.
        positions : array_like, shape=(n, 3) or (3n,), dtype=float, optional
            Angstrom.
        bonds : array_like, shape=(m, 3) or (3m,), dtype=int
            Begin, end and Kekule order (1, 2, 3) of each bond.
        formal_charges : array_like, shape=(n,), dtype=int, optional
            All zero when not given.

        Raises
        ------
        ParseError
            Arrays that do not fit one another, or impossible chemistry.
        LimitError
            More atoms than ``limits.atoms_per_molecule``.
        """
        numbers = np.asarray(atomic_numbers, dtype=np.int64).reshape(-1)
        charges = np.zeros_like(numbers) if formal_charges is None else np.asarray(formal_charges, dtype=np.int64)
        bond_rows = np.asarray(bonds, dtype=np.int64)
        xyz = None if positions is None else np.asarray(positions, dtype=np.float64)
        limits.check("atoms_per_molecule", len(numbers), "number of atoms")
        _check_arrays(numbers, xyz, bond_rows, charges)
        editable = Chem.RWMol()
        for number, charge in zip(numbers.tolist(), charges.reshape(-1).tolist(), strict=True):
            atom = Chem.Atom(number)
            atom.SetFormalCharge(charge)
            # Hydrogens are explicit, so a valence below the usual one is a radical and not a hidden hydrogen.
            atom.SetNoImplicit(True)
            editable.AddAtom(atom)
        for begin, end, order in bond_rows.reshape(-1, 3).tolist():
            if editable.GetBondBetweenAtoms(begin, end) is not None:
                raise ParseError(f"the bond {begin}-{end} is given twice", position=begin)
            editable.AddBond(begin, end, _BOND_TYPES[order])
        mol = editable.GetMol()
        if xyz is not None:
            mol.AddConformer(_conformer(xyz.reshape(-1, 3)), assignId=True)
        sanitise(mol)
        radicals = sum(atom.GetNumRadicalElectrons() for atom in mol.GetAtoms())
        notes = (f"{radicals} unpaired electrons: no hydrogen was put in",) if radicals else ()
        return cls(mol, name, notes)

    @property
    def has_structure(self) -> bool:
        """Whether the molecule carries 3D coordinates; the name every kind of entity shares."""
        return self.has_conformer

    @property
    def smiles(self) -> str:
        """The canonical isomeric SMILES, hydrogens implicit."""
        with captured_log():
            return str(Chem.MolToSmiles(Chem.RemoveHs(self.mol)))

    @property
    def selfies(self) -> str:
        """The isomeric SELFIES in symbols of the modality ``molecule_selfies``, checked to decode to the same molecule.

        Raises
        ------
        UnsupportedError
            What SELFIES cannot write: wildcards, dative bonds, valences past its rules, stereochemistry it loses.
        """
        return "".join(modality("molecule_selfies").encode(self))

    @property
    def formula(self) -> str:
        """The molecular formula in Hill order with the net charge, such as ``C2H5O-``."""
        return str(CalcMolFormula(self.mol))

    @property
    def num_atoms(self) -> int:
        """The number of explicit atoms."""
        return int(self.mol.GetNumAtoms())

    @property
    def num_fragments(self) -> int:
        """The number of parts not bonded to one another: 2 for a salt such as ``[Na+].[Cl-]``."""
        return len(Chem.GetMolFrags(self.mol))

    @property
    def has_conformer(self) -> bool:
        """Whether the molecule carries 3D coordinates; a 2D drawing does not count."""
        return bool(self.mol.GetNumConformers()) and bool(self.mol.GetConformer().Is3D())

    @property
    def coordinates(self) -> NDArray[np.float32] | None:
        """The atoms' positions in Angstrom, ``float32 [num_atoms, 3]``, or None without a conformer."""
        if not self.has_conformer:
            return None
        return np.asarray(self.mol.GetConformer().GetPositions(), dtype=np.float32)

    def embed(self, seed: int = 0) -> Molecule:
        """Return the molecule with explicit hydrogens and one ETKDGv3 + MMFF94 conformer.

        The force field is UFF where MMFF94 has no parameters, which is noted; the same seed gives the same conformer.

        Raises
        ------
        UnsupportedError
            Wildcard atoms, or a graph RDKit finds no geometry for.
        LimitError
            More atoms than distance geometry handles in reasonable time.
        """
        if _has_wildcard(self.mol):
            raise UnsupportedError(f"a wildcard atom has no geometry: {self.smiles[:_SHOWN]}")
        if not 0 <= seed < 2**31 - 1:
            raise UnsupportedError(f"the seed is {seed}; give one from 0 to 2,147,483,646")
        with captured_log() as log:
            mol = Chem.AddHs(self.mol)
            if mol.GetNumAtoms() > _LARGEST_EMBEDDED:
                raise LimitError(
                    f"number of atoms is {mol.GetNumAtoms():,}, past the limit of {_LARGEST_EMBEDDED:,} for embedding"
                )
            if not _embed(mol, seed):
                raise UnsupportedError(f"RDKit could not embed {self.smiles[:_SHOWN]} {log.reason}".rstrip())
            notes = _set_apart(mol) + _relax(mol)
        return Molecule(mol, self.name, self.notes + notes)

    def with_coordinates(self, coordinates: ArrayLike) -> Molecule:
        """Return the molecule with another conformer, the stereochemistry of its graph left as it is.

        Parameters
        ----------
        coordinates : array_like, shape=(num_atoms, 3), dtype=float
            Angstrom, in the order of the atoms.

        Raises
        ------
        ParseError
            Another shape, or a coordinate that is not finite.
        """
        xyz = np.asarray(coordinates, dtype=np.float64)
        if xyz.shape != (self.num_atoms, 3):
            raise ParseError(f"coordinates have shape {xyz.shape}, the molecule needs ({self.num_atoms}, 3)")
        _check_finite(xyz)
        mol = Chem.Mol(self.mol)
        mol.RemoveAllConformers()
        mol.AddConformer(_conformer(xyz), assignId=True)
        return Molecule(mol, self.name, self.notes)

    def with_hydrogens(self) -> Molecule:
        """Return the molecule with every hydrogen explicit, placed by geometry where there is a conformer."""
        with captured_log():
            mol = Chem.AddHs(self.mol, addCoords=bool(self.mol.GetNumConformers()))
        return Molecule(mol, self.name, self.notes)

    def without_hydrogens(self) -> Molecule:
        """Return the molecule without explicit hydrogens, but for those that carry meaning (``[H][H]``, ``[2H]``)."""
        with captured_log():
            return Molecule(Chem.RemoveHs(self.mol), self.name, self.notes)

    def to_file(self, path: str | Path, *, v3000: bool = False) -> None:
        """Write the molecule as .sdf, .mol, .smi or .selfies, gzipped where the name ends in .gz.

        MOL and SDF are V2000 up to 999 atoms and bonds, V3000 past them or when asked for.
        """
        write_entities([self], path, v3000=v3000)

    def same_as(self, other: Molecule, tolerance: float | None = None) -> bool:
        """Return whether both have the same canonical SMILES and, given a tolerance in Angstrom, the same positions."""
        if self.smiles != other.smiles:
            return False
        if tolerance is None:
            return True
        mine, theirs = self.coordinates, other.coordinates
        if mine is None or theirs is None:
            return mine is theirs
        return mine.shape == theirs.shape and bool(np.allclose(mine, theirs, rtol=0.0, atol=tolerance))

    def __repr__(self) -> str:
        return f"Molecule({self.smiles!r}{', 3D' if self.has_conformer else ''})"


def sanitise(mol: Chem.Mol) -> Chem.Mol:
    """Sanitise a molecule in place, assign its stereochemistry (from 3D positions where it has them) and return it.

    Raises
    ------
    ParseError
        Impossible chemistry, such as five bonds to a carbon; ``position`` is the atom's index.
    """
    with captured_log() as log:
        try:
            Chem.SanitizeMol(mol)
            if mol.GetNumConformers() and mol.GetConformer().Is3D():
                Chem.AssignStereochemistryFrom3D(mol, replaceExistingTags=True)
                _drop_spurious_geometry(mol)
            else:
                Chem.AssignStereochemistry(mol, cleanIt=True, force=True)
        except (ValueError, RuntimeError) as error:
            raise ParseError(
                f"impossible chemistry: {log.reason or plain_reason(str(error))}", position=log.atom
            ) from error
    return mol


def _drop_spurious_geometry(mol: Chem.Mol) -> None:
    """Clear square-planar and similar tags, which RDKit sees in flat rings, from atoms with under four neighbours."""
    for atom in mol.GetAtoms():
        if atom.GetChiralTag() in _NOT_TETRAHEDRAL and atom.GetTotalDegree() < 4:
            atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
            atom.ClearProp("_chiralPermutation")


def _count_smiles_atoms(text: str) -> int:
    parameters: Any = Chem.SmilesParserParams()
    parameters.sanitize = False
    parameters.removeHs = False
    with captured_log():
        mol = Chem.MolFromSmiles(text, parameters)
    return len(text) if mol is None else int(mol.GetNumAtoms())


def _has_wildcard(mol: Chem.Mol) -> bool:
    return any(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms())


def _conformer(xyz: NDArray[np.float64]) -> Chem.Conformer:
    conformer = Chem.Conformer(len(xyz))
    conformer.Set3D(True)
    if hasattr(conformer, "SetPositions"):
        conformer.SetPositions(np.ascontiguousarray(xyz))
    else:
        for index, (x, y, z) in enumerate(xyz.tolist()):
            conformer.SetAtomPosition(index, Point3D(x, y, z))
    return conformer


def _check_finite(xyz: NDArray[np.float64]) -> None:
    bad = np.flatnonzero(~np.isfinite(xyz).all(axis=-1))
    if bad.size:
        raise ParseError("a coordinate is not a finite number", position=int(bad[0]))


def _check_arrays(
    numbers: NDArray[np.int64], xyz: NDArray[np.float64] | None, bonds: NDArray[np.int64], charges: NDArray[np.int64]
) -> None:
    n = len(numbers)
    if n == 0:
        raise ParseError("a molecule without atoms")
    if bool(((numbers < 1) | (numbers > 118)).any()):
        raise ParseError("an atomic number outside 1 to 118", position=int(np.argmax((numbers < 1) | (numbers > 118))))
    if charges.size != n:
        raise ParseError(f"{charges.size} formal charges for {n} atoms")
    if xyz is not None:
        if xyz.size != 3 * n:
            raise ParseError(f"{xyz.size} coordinates for {n} atoms, {3 * n} expected")
        _check_finite(xyz.reshape(-1, 3))
    if bonds.size % 3:
        raise ParseError(f"bonds are triples of begin, end, order; {bonds.size} numbers given")
    rows = bonds.reshape(-1, 3)
    bad = (rows[:, :2] < 0).any(1) | (rows[:, :2] >= n).any(1) | (rows[:, 0] == rows[:, 1])
    bad |= ~np.isin(rows[:, 2], list(_BOND_TYPES))
    if bool(bad.any()):
        first = int(np.argmax(bad))
        raise ParseError(
            f"bond {first} is {rows[first].tolist()}: give two different atoms of 0 to {n - 1} and an order of 1 to 3"
        )


def _embed(mol: Chem.Mol, seed: int) -> bool:
    """Add a conformer in place, from random coordinates where the eigenvalue start fails; return whether it worked."""
    parameters: Any = rdDistGeom.ETKDGv3()
    # RDKit takes 0 and 1 for the same seed.
    parameters.randomSeed = seed + 1
    parameters.timeout = _EMBED_SECONDS
    attempts: Sequence[bool] = (False, True)
    for random_start in attempts:
        parameters.useRandomCoords = random_start
        try:
            if rdDistGeom.EmbedMolecule(mol, parameters) == 0:
                return True
        except (ValueError, RuntimeError):
            return False
    return False


def _set_apart(mol: Chem.Mol) -> tuple[str, ...]:
    """Move fragments that RDKit placed over one another side by side along x; return the note to add."""
    fragments = Chem.GetMolFrags(mol)
    if len(fragments) == 1:
        return ()
    xyz = np.asarray(mol.GetConformer().GetPositions())
    edge = -_FRAGMENT_GAP
    for fragment in map(list, fragments):
        xyz[fragment, 0] += edge + _FRAGMENT_GAP - xyz[fragment, 0].min()
        edge = xyz[fragment, 0].max()
    mol.RemoveAllConformers()
    mol.AddConformer(_conformer(xyz), assignId=True)
    return (f"{len(fragments)} fragments embedded apart and set side by side",)


def _relax(mol: Chem.Mol) -> tuple[str, ...]:
    """Minimise the conformer in place and return the notes to add."""
    relaxed = Chem.Mol(mol)  # MMFF94 leaves its own aromaticity on the molecule it works on
    try:
        if rdForceFieldHelpers.MMFFHasAllMoleculeParams(Chem.Mol(mol)):
            rdForceFieldHelpers.MMFFOptimizeMolecule(relaxed)
            mol.GetConformer().SetPositions(relaxed.GetConformer().GetPositions())
            return ()
        if rdForceFieldHelpers.UFFHasAllMoleculeParams(mol):
            rdForceFieldHelpers.UFFOptimizeMolecule(relaxed)
            mol.GetConformer().SetPositions(relaxed.GetConformer().GetPositions())
            return ("embedded with UFF: MMFF94 has no parameters for it",)
    except (ValueError, RuntimeError):
        pass
    return ("embedded without a force field: neither MMFF94 nor UFF has parameters for it",)
