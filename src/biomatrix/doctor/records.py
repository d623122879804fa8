"""The records a round trip is measured on: structure files, SMILES to embed, tables of conformers or chains."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from biomatrix.corpus.holdout import is_held_out
from biomatrix.entities import Molecule, Protein, Reject, read_molecules, read_proteins
from biomatrix.entities.files import read_lines
from biomatrix.entities.formats import format_of, kinds_of_format
from biomatrix.entities.kind_registry import kind as registered
from biomatrix.entities.protein.files.chain_table import chain_rows
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError, UnsupportedError

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

Kind = Literal["molecule", "protein"]

CONFORMER_COLUMNS: Final = ("id", "atomic_numbers", "positions", "bonds", "formal_charges")
"""Columns of a table of conformers: flat lists of positions (x, y, z) and of bonds (begin, end, Kekule order)."""
BLOCK_COLUMNS: Final = ("id", "mol_block")
"""Columns of a table of MOL blocks."""
CHAIN_COLUMNS: Final = ("id", "sequence", "coords")
SMILES_COLUMNS: Final = ("smiles", "SMILES", "Smiles", "canonical_smiles")
"""Names that the column of SMILES goes by in .csv files."""

_TEXT_FORMATS: Final = ("smi", "selfies")
_ROWS: Final = 512
_MARKS: Final = {"sdf": "$$$$", "mol": "$$$$", "mol2": "@<TRIPOS>MOLECULE"}


def kind_of(path: Path, kind: Kind | None = None) -> Kind:
    """Return what a file holds: as asked, or as its extension or, for Parquet, its columns say.

    Raises
    ------
    UnsupportedError
        An extension or columns that are not read here.
    ParseError
        A Parquet file that cannot be opened.
    """
    if kind is not None:
        return kind
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(".parquet"):
        names = set(_table(path).schema_arrow.names)
        if names.issuperset(CONFORMER_COLUMNS) or names.issuperset(BLOCK_COLUMNS):
            return "molecule"
        if names.issuperset(CHAIN_COLUMNS):
            return "protein"
        raise UnsupportedError(
            f"a table is read with the columns {', '.join(CONFORMER_COLUMNS)} (conformers), "
            f"{', '.join(BLOCK_COLUMNS)} (MOL blocks) or {', '.join(CHAIN_COLUMNS)} (chains)",
            file=str(path),
        )
    if name.endswith(".csv"):
        return "molecule"
    return "molecule" if kinds_of_format(format_of(path))[0].name == "molecule" else "protein"


def molecule_records(
    path: Path, *, embed: bool = True, held_out: bool = False, limit: int | None = None
) -> Iterator[Molecule | Reject]:
    """Yield the molecules of a file, each with a conformer or as a Reject with its reason.

    Parameters
    ----------
    path : Path
        .sdf, .mol, .mol2, .smi, .selfies (gzipped or not), .csv with a column of SMILES, or a Parquet table.
    embed : bool
        Embed what is text (ETKDGv3, seed 0, then MMFF94); otherwise such files are refused.
    held_out : bool
        Only molecules that no shipped tokenizer was fitted on, by `biomatrix.corpus.holdout`.
    limit : int, optional
        At most this many.
    """
    records = _molecules(path, embed)
    if held_out:
        records = _held_out(records)
    for record in islice(records, limit):
        if isinstance(record, Molecule) and _is_text(path):
            try:
                yield record.embed(seed=0)
            except BioMatrixError as error:
                yield Reject.from_error(error, str(path), record.name or None)
        else:
            yield record


def protein_records(path: Path, *, held_out: bool = False, limit: int | None = None) -> Iterator[Protein | Reject]:
    """Yield the chains of a file; of a table with splits, ``held_out`` keeps those of the split "test".

    Raises
    ------
    ConfigurationError
        ``held_out`` with a file that has no splits.
    """
    if path.suffix.lower() == ".parquet":
        rows = (row for row in chain_rows(path) if isinstance(row, Reject) or not held_out or row.split == "test")
        yield from islice((row if isinstance(row, Reject) else row.protein for row in rows), limit)
        return
    if held_out:
        raise ConfigurationError("which chains are held out only a table with a column split says", file=str(path))
    yield from islice(read_proteins(path), limit)


def count_records(path: Path, kind: Kind) -> int | None:
    """Return how many records a file announces, for showing progress; None where that takes reading it all."""
    try:
        if path.suffix.lower() == ".parquet":
            return int(_table(path).metadata.num_rows)
        if kind == "protein":
            return None
        if _is_csv(path):
            return max(sum(1 for _ in read_lines(path)) - 1, 0)
        found = format_of(path, among=[registered("molecule")])
        if found in _TEXT_FORMATS:
            return sum(1 for line in read_lines(path) if line.strip() and not line.startswith("#"))
        return max(sum(line.startswith(_MARKS[found]) for line in read_lines(path)), 1)
    except BioMatrixError:
        return None  # whoever reads the records says what is wrong


def _molecules(path: Path, embed: bool) -> Iterator[Molecule | Reject]:
    if _is_text(path) and not embed:
        raise ConfigurationError(
            "SMILES and SELFIES hold no coordinates: let them be embedded, or give a file with conformers",
            file=str(path),
        )
    if path.suffix.lower() == ".parquet":
        return _table_molecules(path)
    return _csv_molecules(path) if _is_csv(path) else read_molecules(path)


def _held_out(records: Iterable[Molecule | Reject]) -> Iterator[Molecule | Reject]:
    return (record for record in records if isinstance(record, Reject) or is_held_out(record))


def _is_csv(path: Path) -> bool:
    return path.name.lower().removesuffix(".gz").endswith(".csv")


def _is_text(path: Path) -> bool:
    if path.suffix.lower() == ".parquet":
        return False
    return _is_csv(path) or format_of(path, among=[registered("molecule")]) in _TEXT_FORMATS


def _csv_molecules(path: Path) -> Iterator[Molecule | Reject]:
    rows = csv.DictReader(read_lines(path))
    try:
        column = next((name for name in SMILES_COLUMNS if name in (rows.fieldnames or ())), None)
        if column is None:
            raise ParseError(f"no column of SMILES; it is called one of {', '.join(SMILES_COLUMNS)}", file=str(path))
        for number, row in enumerate(rows, start=1):
            try:
                yield Molecule.from_smiles(row[column] or "", str(row.get("id") or row.get("name") or number))
            except BioMatrixError as error:
                yield Reject.from_error(error, str(path), number)
    except csv.Error as error:
        raise ParseError(f"not a table of comma-separated values: {error}", file=str(path)) from error


def _table_molecules(path: Path) -> Iterator[Molecule | Reject]:
    from pyarrow import ArrowException

    table = _table(path)
    blocks = set(table.schema_arrow.names).issuperset(BLOCK_COLUMNS)
    columns = BLOCK_COLUMNS if blocks else CONFORMER_COLUMNS
    try:
        for batch in table.iter_batches(batch_size=_ROWS, columns=list(columns)):
            for row in batch.to_pylist():
                try:
                    yield _from_block(row) if blocks else _from_columns(row)
                except BioMatrixError as error:
                    yield Reject.from_error(error, str(path), str(row["id"]))
    except (ArrowException, OSError) as error:
        raise ParseError(f"a broken Parquet file: {error}", file=str(path)) from error


def _from_columns(row: dict[str, Any]) -> Molecule:
    columns = [row[name] for name in CONFORMER_COLUMNS[1:]]
    if any(column is None or None in column for column in columns):
        raise ParseError("a value is missing")
    numbers, positions, bonds, charges = columns
    if len(numbers) > 1 and not bonds:
        raise ParseError("the row holds no bonds: positions alone name no molecule")
    return Molecule.from_arrays(numbers, positions, bonds, charges, str(row["id"]))


def _from_block(row: dict[str, Any]) -> Molecule:
    from rdkit import Chem

    from biomatrix.entities.molecule.chemistry_log import captured_log

    with captured_log() as log:
        mol = Chem.MolFromMolBlock(row["mol_block"] or "", removeHs=False)
        reason = log.reason
    if mol is None:
        raise ParseError(f"not a MOL block RDKit can read: {reason or 'empty'}")
    return Molecule.from_rdkit(mol, str(row["id"]))


def _table(path: Path) -> ParquetFile:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        return ParquetFile(path)
    except (ArrowException, OSError) as error:
        raise ParseError(f"not a Parquet file: {error}", file=str(path)) from error
