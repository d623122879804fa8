"""Tables of molecules: conformers and MOL blocks in Parquet, SMILES in comma-separated text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rdkit import Chem

from biomatrix.entities.files.delimited import Delimited
from biomatrix.entities.molecule.chemistry_log import captured_log
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.files.table_columns import BLOCK_COLUMNS, CONFORMER_COLUMNS, SMILES_COLUMNS
from biomatrix.entities.rejects import Reject
from biomatrix.entities.tables import parquet_rows
from biomatrix.errors import BioMatrixError, ParseError

Row = dict[str, Any]


def read_conformers(path: Path) -> Iterator[Molecule | Reject]:
    """Yield the molecules of a Parquet table with the columns `CONFORMER_COLUMNS`; a broken row as a Reject."""
    return _read(path, CONFORMER_COLUMNS, _from_columns)


def read_blocks(path: Path) -> Iterator[Molecule | Reject]:
    """Yield the molecules of a Parquet table with the columns `BLOCK_COLUMNS`; a broken row as a Reject."""
    return _read(path, BLOCK_COLUMNS, _from_block)


def read_smiles(path: Path) -> Iterator[Molecule | Reject]:
    """Yield the molecules of a .csv with one of the columns `SMILES_COLUMNS`, named by ``id``, ``name`` or number."""
    table = Delimited(path)
    column = next((name for name in SMILES_COLUMNS if name in table.columns), None)
    if column is None:
        raise ParseError(
            f"no column of SMILES; it is called one of {', '.join(SMILES_COLUMNS)}, and the columns are "
            f"{', '.join(table.columns)}",
            file=str(path),
        )
    for number, row in enumerate(table.rows(), start=1):
        try:
            if isinstance(row, ParseError):
                raise row
            molecule = Molecule.from_smiles(row[column], row.get("id") or row.get("name") or str(number))
            notes = table.notes()
            yield Molecule(molecule.mol, molecule.name, (*notes, *molecule.notes)) if notes else molecule
        except BioMatrixError as error:
            yield Reject.from_error(error, str(path), number)


def _read(path: Path, columns: Sequence[str], molecule_of: Callable[[Row], Molecule]) -> Iterator[Molecule | Reject]:
    for row in parquet_rows(path, columns):
        try:
            yield molecule_of(row)
        except BioMatrixError as error:
            yield Reject.from_error(error, str(path), str(row["id"]))


def _from_columns(row: Row) -> Molecule:
    columns = [row[name] for name in CONFORMER_COLUMNS[1:]]
    if any(column is None or None in column for column in columns):
        raise ParseError("a value is missing")
    numbers, positions, bonds, charges = columns
    if len(numbers) > 1 and not bonds:
        raise ParseError("the row holds no bonds: positions alone name no molecule")
    return Molecule.from_arrays(numbers, positions, bonds, charges, str(row["id"]))


def _from_block(row: Row) -> Molecule:
    with captured_log() as log:
        mol = Chem.MolFromMolBlock(row["mol_block"] or "", removeHs=False)
        reason = log.reason
    if mol is None:
        raise ParseError(f"not a MOL block RDKit can read: {reason or 'empty'}")
    return Molecule.from_rdkit(mol, str(row["id"]))
