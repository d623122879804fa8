"""Molecules with measured or quantum-chemical coordinates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rdkit import Chem
from rdkit.Geometry import Point3D
from rdkit.rdBase import BlockLogs

from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.base import Provenance, Source
from biomatrix.corpus.sources.exclusions import excluded_molecules
from biomatrix.corpus.sources.molecule_records import molecule_record
from biomatrix.corpus.sources.tables import parquet_rows
from biomatrix.errors import ParseError

_ORDERS = {1: Chem.BondType.SINGLE, 2: Chem.BondType.DOUBLE, 3: Chem.BondType.TRIPLE}


def build_molecule(
    numbers: np.ndarray[Any, np.dtype[np.int64]],
    charges: np.ndarray[Any, np.dtype[np.int64]],
    bonds: np.ndarray[Any, np.dtype[np.int64]],
    positions: np.ndarray[Any, np.dtype[np.float64]],
) -> Chem.Mol:
    """Return a sanitised molecule whose stereochemistry is read from its coordinates.

    Parameters
    ----------
    numbers, charges : ndarray, shape=(A,), dtype=int
        Atomic number and formal charge of every atom, hydrogens included.
    bonds : ndarray, shape=(B, 3), dtype=int
        Begin, end and order (1, 2 or 3: Kekule).
    positions : ndarray, shape=(A, 3), dtype=float
        Angstrom.
    """
    mol = Chem.RWMol()
    conformer = Chem.Conformer(len(numbers))
    for index, (number, charge, place) in enumerate(zip(numbers, charges, positions, strict=True)):
        atom = Chem.Atom(int(number))
        atom.SetFormalCharge(int(charge))
        atom.SetNoImplicit(True)
        mol.AddAtom(atom)
        conformer.SetAtomPosition(index, Point3D(*(float(axis) for axis in place)))
    for begin, end, order in bonds:
        if int(order) not in _ORDERS:
            raise ParseError(f"bond order {int(order)}: only 1, 2 and 3 are read")
        mol.AddBond(int(begin), int(end), _ORDERS[int(order)])
    conformer.Set3D(True)
    mol.AddConformer(conformer)
    with BlockLogs():
        try:
            Chem.SanitizeMol(mol)
        except Chem.MolSanitizeException as error:
            raise ParseError(f"RDKit cannot sanitise it: {error}") from error
        for atom in mol.GetAtoms():
            atom.SetNoImplicit(False)
        if any(atom.GetNumRadicalElectrons() for atom in mol.GetAtoms()):
            raise ParseError("atoms with open valences: hydrogens or charges are missing")
        Chem.AssignStereochemistryFrom3D(mol)
    return mol.GetMol()


class ConformerSource(Source):
    """A Parquet table of molecules with coordinates, hydrogens and Kekule bonds; one row a conformer."""

    _COLUMNS = ("id", "atomic_numbers", "positions", "bonds", "formal_charges")

    def rows(self) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for path in self.paths:
            for row in parquet_rows(path, self._COLUMNS):
                name = str(row["id"])
                seen[name] = seen.get(name, 0) + 1
                yield (name if seen[name] == 1 else f"{name}#{seen[name]}"), row

    def record(self, identifier: str, row: Mapping[str, Any]) -> Record:
        mol = build_molecule(
            np.asarray(row["atomic_numbers"], dtype=np.int64),
            np.asarray(row["formal_charges"], dtype=np.int64),
            np.asarray(row["bonds"], dtype=np.int64).reshape(-1, 3),
            np.asarray(row["positions"], dtype=np.float64).reshape(-1, 3),
        )
        return molecule_record(self.name, identifier, mol, {}, excluded=excluded_molecules(self.root))


def _conformers(name: str, origin: str) -> Callable[[Path], Source]:
    return lambda root: ConformerSource(
        name, Provenance(("MIT",), origin, (f"molecule/conformers_3d/{name}.parquet",), "all"), root
    )


CONFORMER_SOURCES: dict[str, Callable[[Path], Source]] = {
    "cascade_dft8k": _conformers("cascade_dft8k", "patonlab/CASCADE; NMRShiftDB, M06-2X/def2-TZVP"),
    "qm7_gdb7": _conformers("qm7_gdb7", "deepchem/deepchem; QM7 (quantum-machine.org)"),
    "conformer_benchmark_dft": _conformers(
        "conformer_benchmark_dft", "ghutchis/conformer-benchmark (Folmsbee and Hutchison 2020), B3LYP-D3BJ"
    ),
}
