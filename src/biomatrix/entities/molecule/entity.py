"""A molecule: an RDKit graph, perhaps with a conformer, and notes of the reader."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import CalcMolFormula
from rdkit.rdBase import BlockLogs

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.modality_registry import modality
from biomatrix.entities.molecule import columns
from biomatrix.entities.molecule.chemistry_log import captured_log
from biomatrix.entities.molecule.dropped_marks import dropped_mark_notes
from biomatrix.entities.molecule.embedding import conformer_of, embedded
from biomatrix.entities.molecule.extension_notes import extension_notes, refuse_extension
from biomatrix.entities.molecule.preparation import is_ready, prepared, sanitise
from biomatrix.entities.molecule.queries import is_query, is_smarts, wildcards
from biomatrix.entities.molecule.selfies_text import smiles_of
from biomatrix.entities.molecule.smiles_faults import (
    refuse_other_notations,
    refuse_strange_characters,
    smiles_fault,
)
from biomatrix.entities.molecule.smiles_text import split_smiles, title_notes
from biomatrix.entities.records import read_entity, write_entities
from biomatrix.errors import ParseError, UnsupportedError
from biomatrix.metrics.arrangements import written_smiles
from biomatrix.metrics.coordination import drop_idle_marks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_SHOWN = 80

__all__ = ["Molecule", "sanitise"]


class Molecule(Entity):
    """One molecule, immutable by convention.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        A sanitised molecule, taken as it is; of one that is not, a sanitised copy (:meth:`from_rdkit`). At most one
        conformer is used: the first.
    name : str
        A label for messages and file titles.
    notes : tuple of str
        What a reader did to the record, one sentence each; empty when nothing was changed.

    Raises
    ------
    ParseError
        No RDKit molecule, one that cannot be sanitised, a name that is no text, or notes that are no texts.
    """

    __slots__ = ("mol", "name", "notes")

    kind: ClassVar[str] = "molecule"

    def __init__(self, mol: Chem.Mol, name: str = "", notes: tuple[str, ...] = ()) -> None:
        if not isinstance(mol, Chem.Mol) or not is_ready(mol):
            mol, added = prepared(mol)
            notes = (*_texts(notes), *added)
        _check_text(name, "the name of a molecule")
        self.mol = mol
        self.name = name
        self.notes = _texts(notes)

    @classmethod
    def from_smiles(cls, smiles: str, name: str = "", *, limits: Limits = DEFAULT_LIMITS) -> Molecule:
        """Read a SMILES string, stereochemistry, isotopes, radicals and all fragments kept.

        A ChemAxon extension (``|...|``) after white space is read; any other text there becomes the name where none is
        given, which is noted.

        Raises
        ------
        ParseError
            Broken syntax or impossible chemistry; ``position`` is the atom's index where RDKit names one.
        UnsupportedError
            A query, such as one of SMARTS: a bond of any order, or an atom that is one of a list.
        LimitError
            More atoms than ``limits.atoms_per_molecule``.

        Examples
        --------
        >>> Molecule.from_smiles("OCC").smiles
        'CCO'
        """
        _check_text(smiles, "a SMILES string")
        text, extension, title = split_smiles(smiles)
        if not text:
            raise ParseError("an empty SMILES string")
        refuse_strange_characters(text)
        # A SMILES string has no more atoms than characters, so only a long one has to be counted before the work.
        if len(text) > limits.atoms_per_molecule:
            limits.check("atoms_per_molecule", _count_smiles_atoms(text), "number of atoms")
        with captured_log() as log:
            mol = Chem.MolFromSmiles(f"{text} {extension}".strip())
            reason, atom = (log.reason, log.atom) if mol is None else ("", None)
        _refuse_unread(mol, text, extension)
        if is_query(mol) if mol is not None else is_smarts(text):
            raise UnsupportedError(f"a query (SMARTS), which stands for many molecules: {text[:_SHOWN]!r}")
        if mol is None or mol.GetNumAtoms() == 0:
            raise ParseError(
                f"not a SMILES string RDKit can read: {text[:_SHOWN]!r} ({smiles_fault(text, reason)})", position=atom
            )
        if "@" in text or extension:
            drop_idle_marks(mol)
        # An atom that is no element is written as * or [#0].
        notes: tuple[str, ...] = (
            ("wildcard atoms kept as *",) if ("*" in text or "#" in text) and _has_wildcard(mol) else ()
        )
        notes += extension_notes(extension) + dropped_mark_notes(text, extension, mol)
        return cls(mol, name or title, notes + title_notes(text, title, named=bool(name)))

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
        _check_text(selfies, "a SELFIES string")
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
        """Wrap a copy of an RDKit molecule: as it is where it was sanitised, else sanitised.

        Explicit hydrogens stay explicit, and aromaticity, stereo marks and groups, conformers and properties as they
        are. The notes say what will not be used: conformers beyond the first, a drawing in 2D, marks that say nothing.

        Raises
        ------
        ParseError
            No molecule, no atoms, impossible chemistry, or a coordinate that is not finite.
        UnsupportedError
            A query, such as one of SMARTS.
        """
        copy, notes = prepared(mol)
        return cls(copy, name or (copy.GetProp("_Name") if copy.HasProp("_Name") else ""), notes)

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
        numbers = columns.whole_numbers(atomic_numbers, "atomic numbers")
        charges = np.zeros_like(numbers)
        if formal_charges is not None:
            charges = columns.whole_numbers(formal_charges, "formal charges")
        bond_rows = columns.whole_numbers(bonds, "bonds")
        xyz = None if positions is None else columns.real_numbers(positions, "coordinates")
        limits.check("atoms_per_molecule", len(numbers), "number of atoms")
        columns.check_columns(numbers, xyz, bond_rows, charges)
        editable = Chem.RWMol()
        for number, charge in zip(numbers.tolist(), charges.tolist(), strict=True):
            atom = Chem.Atom(number)
            atom.SetFormalCharge(charge)
            # Hydrogens are explicit, so a valence below the usual one is a radical and not a hidden hydrogen.
            atom.SetNoImplicit(True)
            editable.AddAtom(atom)
        for begin, end, order in bond_rows.reshape(-1, 3).tolist():
            if editable.GetBondBetweenAtoms(begin, end) is not None:
                raise ParseError(f"the bond {begin}-{end} is given twice", position=begin)
            editable.AddBond(begin, end, columns.BOND_TYPES[order])
        mol = editable.GetMol()
        if xyz is not None:
            mol.AddConformer(conformer_of(xyz.reshape(-1, 3)), assignId=True)
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
        with BlockLogs():
            return written_smiles(Chem.RemoveHs(self.mol))

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

    def embed(self, seed: int = 0, attempts: int | None = None) -> Molecule:
        """Return the molecule with explicit hydrogens and one ETKDGv3 + MMFF94 conformer.

        The force field is UFF where MMFF94 has no parameters, which is noted, as is a force field that stopped short of
        its minimum. The same graph, seed and attempts give the same conformer, or the same refusal, on any machine.

        Parameters
        ----------
        seed : int
            From 0 to 2,147,483,646.
        attempts : int, optional
            The starting positions tried, as many from distances as at random. When not given it depends on the size:
            ten for each atom of a small molecule, 12 at 200 atoms, 2 past 368; starts that no coordinates fit cost
            little and are not counted.

        Raises
        ------
        UnsupportedError
            Wildcard atoms, no geometry within the attempts, or a seed or number of attempts out of range.
        LimitError
            More atoms than distance geometry handles in reasonable time.
        """
        if _has_wildcard(self.mol):
            raise UnsupportedError(f"a wildcard atom has no geometry: {self.smiles[:_SHOWN]}")
        mol, notes = embedded(self.mol, seed, attempts)
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
        xyz = columns.real_numbers(coordinates, "coordinates")
        if xyz.shape != (self.num_atoms, 3):
            raise ParseError(f"coordinates have shape {xyz.shape}, the molecule needs ({self.num_atoms}, 3)")
        columns.check_finite_rows(xyz)
        mol = Chem.Mol(self.mol)
        mol.RemoveAllConformers()
        mol.AddConformer(conformer_of(xyz), assignId=True)
        return Molecule(mol, self.name, self.notes)

    def with_hydrogens(self) -> Molecule:
        """Return the molecule with every hydrogen explicit, placed by geometry where there is a conformer."""
        with BlockLogs():
            mol = Chem.AddHs(self.mol, addCoords=bool(self.mol.GetNumConformers()))
        return Molecule(mol, self.name, self.notes)

    def without_hydrogens(self) -> Molecule:
        """Return the molecule without explicit hydrogens, but for those that carry meaning (``[H][H]``, ``[2H]``)."""
        with BlockLogs():
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


def _refuse_unread(mol: Chem.Mol | None, text: str, extension: str) -> None:
    """Raise ParseError with the reason where RDKit reads no molecule, and the reason is not one of its own."""
    if mol is None:
        refuse_other_notations(text)
        refuse_extension(text, extension)


def _check_text(value: object, what: str) -> None:
    if not isinstance(value, str):
        raise ParseError(f"{what} is text, not {type(value).__name__}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ParseError(
                f"{what} holds half of a surrogate pair, which is no character", position=error.start
            ) from error


def _texts(notes: object) -> tuple[str, ...]:
    if not isinstance(notes, tuple | list) or not all(isinstance(note, str) for note in notes):
        raise ParseError("the notes of a molecule are a tuple of texts, one sentence each")
    return tuple(notes)


def _count_smiles_atoms(text: str) -> int:
    parameters: Any = Chem.SmilesParserParams()
    parameters.sanitize = False
    parameters.removeHs = False
    with BlockLogs():
        mol = Chem.MolFromSmiles(text, parameters)
    return len(text) if mol is None else int(mol.GetNumAtoms())


def _has_wildcard(mol: Chem.Mol) -> bool:
    return bool(wildcards(mol))
