"""Molecules in files: SMILES and SELFIES lines, MOL and SDF, MOL2; one record at a time, never the whole file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Final

from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.entities.files.reading import label_of, read_lines
from biomatrix.entities.files.writing import write_atomically
from biomatrix.entities.formats import format_of
from biomatrix.entities.kind_registry import kind
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.files.cutting import SDF_END, RecordText, cut_records
from biomatrix.entities.molecule.files.finishing import TITLE
from biomatrix.entities.molecule.files.line_records import line_records, read_selfies_line, read_smiles_line
from biomatrix.entities.molecule.files.mol2_block import read_mol2
from biomatrix.entities.molecule.files.mol_block import read_mol_block
from biomatrix.entities.molecule.files.written_wildcards import with_stars
from biomatrix.entities.rejects import Reject
from biomatrix.entities.title_lines import title_line
from biomatrix.errors import BioMatrixError, LimitError, ParseError, UnsupportedError

_V2000_MOST: Final[int] = 999
_LINES: Final = ("smi", "selfies")
_READERS: Final[dict[str, Callable[[RecordText, Limits], Molecule]]] = {
    "smi": read_smiles_line,
    "selfies": read_selfies_line,
    "sdf": read_mol_block,
    "mol": read_mol_block,
    "mol2": read_mol2,
}


def read_molecules(
    path: str | Path, *, file_format: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Iterator[Molecule | Reject]:
    """Yield every record of a file as a Molecule, or as a Reject with its reason; never raise for bad input.

    Parameters
    ----------
    path : str or Path
        A .smi, .selfies, .sdf, .mol or .mol2 file, gzipped or not; ``-`` for standard input.
    file_format : str, optional
        The format, where the name does not show it: "smi", "selfies", "sdf", "mol", "mol2".
    limits : Limits
        The sizes past which a record or the file is rejected.
    """
    label = label_of(path)
    count = 0
    try:
        format_name = format_of(path, file_format, [kind("molecule")])
        for record in _records(path, format_name, limits):
            count += 1
            limits.check("records", count, "number of records")
            try:
                yield _parse(record, format_name, limits)
            except BioMatrixError as error:
                yield Reject.from_error(error, label, record.number)
        if count == 0:
            raise ParseError("the file holds no record", file=label)
    except BioMatrixError as error:
        yield Reject.from_error(error, label)


def write_molecules(
    molecules: Iterable[Molecule], path: str | Path, file_format: str | None = None, *, v3000: bool = False
) -> int:
    """Write molecules as .sdf, .mol (one only), .smi or .selfies and return how many; no file is left on failure."""
    format_name = format_of(path, file_format, [kind("molecule")])
    if format_name == "mol2":
        raise UnsupportedError("MOL2 is read but not written; write .sdf", file=str(path))
    count = 0
    with write_atomically(path) as stream:
        for molecule in molecules:
            if format_name == "mol" and count:
                raise UnsupportedError("a .mol file holds one molecule; write .sdf", file=str(path))
            stream.write(record_bytes(molecule, format_name, v3000=v3000))
            count += 1
    return count


def _records(path: str | Path, file_format: str, limits: Limits) -> Iterator[RecordText]:
    lines = read_lines(path, limits)
    return line_records(lines, file_format) if file_format in _LINES else cut_records(lines, file_format, limits)


def _parse(record: RecordText, file_format: str, limits: Limits) -> Molecule:
    if record.oversized:
        raise LimitError(f"the record is longer than the limit of {limits.record_bytes:,} bytes per record")
    return _READERS[file_format](record, limits)


def record_bytes(molecule: Molecule, file_format: str, *, v3000: bool = False) -> bytes:
    """Return one record of a .smi, .selfies, .sdf or .mol file; ``v3000`` forces V3000 where V2000 would do."""
    title = _title(molecule.name, file_format)
    if file_format in ("smi", "selfies"):
        text = molecule.smiles if file_format == "smi" else molecule.selfies
        return (f"{text}\t{title}\n" if title else f"{text}\n").encode()
    mol = Chem.Mol(molecule.mol)
    mol.SetProp(TITLE, title)
    large = max(mol.GetNumAtoms(), mol.GetNumBonds()) > _V2000_MOST
    buffer = StringIO()
    with BlockLogs():
        if file_format == "mol":
            return with_stars(str(Chem.MolToMolBlock(mol, forceV3000=v3000 or large))).encode()
        with Chem.SDWriter(buffer) as writer:
            writer.SetForceV3000(v3000 or large)
            writer.write(mol)
    return with_stars(buffer.getvalue()).encode()


def _title(name: str, file_format: str) -> str:
    """Return a name as one line, without a beginning that readers take for something else than a name."""
    title = title_line(name)
    if file_format in ("smi", "selfies"):
        return title.lstrip("| ")  # else a ChemAxon extension of the SMILES string
    return title.lstrip("$ ") if title.startswith(SDF_END) else title  # else the end of the record
