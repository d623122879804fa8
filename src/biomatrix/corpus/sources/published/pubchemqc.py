"""PubChemQC B3LYP/6-31G*//PM6: PM6 geometries with orbital energies, as JSON or as a dump of a database."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdDetermineBonds
from rdkit.Geometry import Point3D

from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.copy_tables import CopyTable
from biomatrix.corpus.sources.json_objects import JsonObjectTable
from biomatrix.corpus.sources.molecule_records import check_molecule, parse_smiles
from biomatrix.corpus.sources.published.molecules import MoleculeSource, first_of, number_text
from biomatrix.corpus.sources.tables import Table
from biomatrix.corpus.sources.text_tables import BrokenRow
from biomatrix.errors import ParseError

_SMILES: Final = ("pubchem-isomeric-smiles", "pubchem-obabel-canonical-smiles")
_NUMBERS: Final = ("atomic-numbers", "elements")
_ENERGIES: Final = {"homo": "energy-alpha-homo", "lumo": "energy-alpha-lumo", "gap": "energy-alpha-gap"}
_ENDINGS: Final = (".sql", ".sql.gz", ".sql.zst", ".sql.bz2", ".dump")


class PubChemQcSource(MoleculeSource):
    """Molecules at their PM6 geometry, with HOMO, LUMO and gap (eV) and dipole moment (Debye)."""

    def table(self, path: Path) -> Table:
        """Return the objects of a JSON file or the rows of a dump, either of which may be packed or archived."""
        return CopyTable(path) if path.name.endswith(_ENDINGS) else JsonObjectTable(path)

    def expand(self, table: Table, number: int, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield the one record, by its compound id and state, ``S0`` where not said."""
        name, state = first_of(row, ("cid",)), first_of(row, ("state",))
        yield (f"{name}.{state}" if state not in ("", "S0") else name) or str(number + 1), row

    def record(self, identifier: str, row: Mapping[str, Any]) -> Record:
        """Return a molecule with coordinates (Angstrom).

        Raises
        ------
        ParseError
            If the row is broken, lacks coordinates, or has other bonds than its SMILES.
        """
        if isinstance(row, BrokenRow):
            raise ParseError(row.reason)
        values = _flat(row)
        mol = parse_smiles(first_of(values, _SMILES))
        check_molecule(mol, self.largest)
        numbers, positions = _atoms(values)
        check_molecule(Chem.AddHs(mol), self.largest)
        fields = {name: number_text(values.get(column), 2) for name, column in _ENERGIES.items()}
        fields["dipole"] = number_text(values.get("dipole-moment"), 2)
        return self.molecule(identifier, placed(mol, numbers, positions), fields)


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a row, those inside a column of JSON among them."""
    values = dict(row)
    for value in row.values():
        if isinstance(value, str) and value.startswith(("{", "[")):
            try:
                inner = json.loads(value)
            except (ValueError, RecursionError):
                continue
            if isinstance(inner, dict):
                values |= inner
    return values


def _atoms(values: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return atomic numbers, shape (n,), and positions, shape (n, 3)."""
    try:
        listed: Any = next((values[name] for name in _NUMBERS if values.get(name)), [])
        numbers = np.asarray(_listed(listed), dtype=np.int64).ravel()
        positions = np.asarray(_listed(values.get("coordinates") or []), dtype=np.float64).reshape(-1, 3)
    except (TypeError, ValueError) as error:
        raise ParseError(f"atoms or coordinates are not numbers: {error}") from error
    if not len(numbers) or len(numbers) != len(positions) or not np.isfinite(positions).all():
        raise ParseError(f"{len(positions)} coordinates of {len(numbers)} atoms")
    if (numbers < 1).any() or (numbers > 118).any():
        raise ParseError("not an atomic number among the atoms")
    return numbers, positions


def _listed(value: Any) -> Any:
    """Return a list as it is, or that which text spells, in JSON or in PostgreSQL's braces."""
    return json.loads(value.replace("{", "[").replace("}", "]")) if isinstance(value, str) else value


def placed(mol: Chem.Mol, numbers: Any, positions: Any) -> Chem.Mol:
    """Return a molecule with all hydrogens and the positions of atoms that stand in any order.

    Which atom is which follows from the bonds that the distances give.

    Raises
    ------
    ParseError
        If those bonds are not the molecule's.
    """
    template = Chem.AddHs(mol)
    if sorted(atom.GetAtomicNum() for atom in template.GetAtoms()) != sorted(numbers.tolist()):
        raise ParseError("the atoms with coordinates are not those of the SMILES")
    measured = _connected(numbers, positions)
    match = measured.GetSubstructMatch(_bare(template))
    if len(match) != template.GetNumAtoms() or measured.GetNumBonds() != template.GetNumBonds():
        raise ParseError("the coordinates have other bonds than the SMILES")
    conformer = Chem.Conformer(template.GetNumAtoms())
    for index, place in enumerate(match):
        conformer.SetAtomPosition(index, Point3D(*positions[place].tolist()))
    template.AddConformer(conformer, assignId=True)
    Chem.AssignStereochemistryFrom3D(template)
    return template


def _connected(numbers: Any, positions: Any) -> Chem.Mol:
    """Return atoms joined where their distances say so."""
    joined = Chem.RWMol()
    conformer = Chem.Conformer(len(numbers))
    for index, (number, position) in enumerate(zip(numbers.tolist(), positions.tolist(), strict=True)):
        atom = Chem.Atom(number)
        atom.SetNoImplicit(True)
        joined.AddAtom(atom)
        conformer.SetAtomPosition(index, Point3D(*position))
    joined.AddConformer(conformer)
    rdDetermineBonds.DetermineConnectivity(joined)
    return joined.GetMol()


def _bare(mol: Chem.Mol) -> Chem.Mol:
    """Return atoms of the same elements and bonds, without charge, aromaticity or stereochemistry."""
    bare = Chem.RWMol()
    for atom in mol.GetAtoms():
        bare.AddAtom(Chem.Atom(atom.GetAtomicNum()))
    for bond in mol.GetBonds():
        bare.AddBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), Chem.BondType.SINGLE)
    return bare.GetMol()
