"""Molecules in files: SMILES and SELFIES lines, MOL and SDF, MOL2; one record at a time, never the whole file."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

import numpy as np
from rdkit import Chem

from biomatrix.entities.files import label_of, read_lines
from biomatrix.entities.formats import format_of
from biomatrix.entities.kind_registry import kind
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.molecule.chemistry_log import captured_log
from biomatrix.entities.molecule.entity import Molecule, sanitise
from biomatrix.entities.rejects import Reject
from biomatrix.entities.writing import write_atomically
from biomatrix.errors import BioMatrixError, LimitError, ParseError, UnsupportedError

_SDF_END: Final[str] = "$$$$"
_MOL2_START: Final[str] = "@<TRIPOS>MOLECULE"
_V2000_MOST: Final[int] = 999
_HEADER_LINES: Final[int] = 3
_TITLE: Final[str] = "_Name"


@dataclass(frozen=True)
class _Record:
    """The text of one record, the record's number from 1, and its first line's number from 1."""

    number: int
    line: int
    text: str
    oversized: bool = False


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


def _records(path: str | Path, file_format: str, limits: Limits) -> Generator[_Record, None, None]:
    lines = read_lines(path, limits)
    if file_format in ("smi", "selfies"):
        return _line_records(lines)
    if file_format == "mol2":
        return _block_records(lines, limits, starts=lambda line: line.startswith(_MOL2_START))
    return _block_records(lines, limits, ends=lambda line: line.startswith(_SDF_END))


def _line_records(lines: Iterator[str]) -> Generator[_Record, None, None]:
    number = 0
    for index, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        number += 1
        yield _Record(number, index, line)


def _block_records(
    lines: Iterator[str],
    limits: Limits,
    starts: Callable[[str], bool] | None = None,
    ends: Callable[[str], bool] | None = None,
) -> Generator[_Record, None, None]:
    """Cut lines into records before each line that starts one, or after each that ends one."""
    block: list[str] = []
    number, first, size, oversized = 0, 1, 0, False
    for index, line in enumerate(lines, start=1):
        opening = starts is not None and starts(line)
        closing_line = ends is not None and ends(line)
        if (opening or closing_line) and any(part.strip() for part in block):
            if ends is not None or starts is None or starts(block[0]):
                number += 1
                yield _Record(number, first, "\n".join(block) + "\n", oversized)
            block, size, oversized = [], 0, False
        elif closing_line:
            block, size, oversized = [], 0, False
        if closing_line:
            first = index + 1
            continue
        if opening:
            first = index
        size += len(line) + 1
        oversized = oversized or size > limits.record_bytes
        # Past the limit the rest is read but not kept, so that the next record can still be found.
        if not oversized:
            block.append(line)
    if any(part.strip() for part in block):
        yield _Record(number + 1, first, "\n".join(block) + "\n", oversized)


def _parse(record: _Record, file_format: str, limits: Limits) -> Molecule:
    if record.oversized:
        raise LimitError(f"the record is longer than the limit of {limits.record_bytes:,} bytes per record")
    if file_format == "smi":
        return _from_line(record, Molecule.from_smiles, limits)
    if file_format == "selfies":
        return _from_line(record, Molecule.from_selfies, limits)
    if file_format == "mol2":
        return _from_mol2(record.text, limits)
    return _from_mol_block(record, limits)


def _from_line(record: _Record, read: Callable[..., Molecule], limits: Limits) -> Molecule:
    fields = record.text.strip().split(None, 1)
    name = fields[1].strip() if len(fields) == 2 else ""
    if name.startswith("|"):
        return read(record.text, limits=limits)
    return read(fields[0], name, limits=limits)


def _from_mol_block(record: _Record, limits: Limits) -> Molecule:
    lines = record.text.split("\n")
    limits.check("atoms_per_molecule", _declared_atoms(lines), "number of atoms")
    with captured_log() as log:
        mol = _call_parser(
            lambda: Chem.MolFromMolBlock(record.text, sanitize=False, removeHs=False, strictParsing=True)
        )
        reason = log.reason
    if mol is None:
        raise ParseError(f"not a MOL block RDKit can read: {reason or 'no counts line'}", position=_line_in(reason))
    if mol.GetNumAtoms() == 0:
        raise ParseError("a molecule without atoms")
    if any(_is_atom_list(atom) for atom in mol.GetAtoms()):
        raise UnsupportedError("the record is a query with lists of atoms, not a molecule")
    return _finish(mol, _data_fields(lines[_HEADER_LINES:]))


def _is_atom_list(atom: Chem.Atom) -> bool:
    return bool(atom.HasQuery()) and atom.GetAtomicNum() == 0 and atom.GetSmarts() not in ("*", "[*]")


def _from_mol2(text: str, limits: Limits) -> Molecule:
    counts = text.split("\n")[2:3]
    declared = counts[0].split()[0] if counts and counts[0].split() else ""
    if declared.isdecimal():
        limits.check("atoms_per_molecule", int(declared), "number of atoms")
    with captured_log() as log:
        mol = _call_parser(lambda: Chem.MolFromMol2Block(text, sanitize=True, removeHs=False))
        reason, atom = log.reason, log.atom
    if mol is None or mol.GetNumAtoms() == 0:
        raise ParseError(f"not a MOL2 record RDKit can read: {reason or 'no atoms'}", position=atom)
    return _finish(mol, {})


def _call_parser(read: Callable[[], Chem.Mol | None]) -> Chem.Mol | None:
    """Call a parser of RDKit; return None where broken input makes it raise."""
    try:
        return read()
    except (ValueError, RuntimeError, IndexError, OverflowError):
        return None


def _declared_atoms(lines: list[str]) -> int:
    """Return the number of atoms a MOL block declares, before RDKit builds them; 0 where it is unreadable."""
    for line in lines[4:8]:
        if line.startswith("M  V30 COUNTS"):
            fields = line.split()
            return int(fields[3]) if len(fields) > 3 and fields[3].isdecimal() else 0
    counts = lines[3][:3].strip() if len(lines) > 3 else ""
    return int(counts) if counts.isdecimal() else 0


def _line_in(reason: str) -> int | None:
    digits = reason.rpartition("line ")[2].split(" ")[0].strip(".:;,")
    return int(digits) if digits.isdecimal() else None


def _data_fields(lines: list[str]) -> dict[str, str]:
    """Return the data items of an SD record: ``> <NAME>``, then lines up to an empty one."""
    fields: dict[str, str] = {}
    name: str | None = None
    values: list[str] = []
    for line in [*lines, ""]:
        if name is not None and not line.strip():
            fields[name] = "\n".join(values)
            name = None
        elif name is not None:
            values.append(line)
        elif line.startswith(">") and "<" in line and ">" in line[line.index("<") :]:
            name, values = line[line.index("<") + 1 : line.rindex(">")], []
    return fields


def _finish(mol: Chem.Mol, fields: dict[str, str]) -> Molecule:
    """Check the coordinates, assign the stereochemistry, and note what a reader should know."""
    notes: list[str] = []
    if mol.GetNumConformers():
        xyz = mol.GetConformer().GetPositions()
        if not np.isfinite(xyz).all():
            first = int(np.argmin(np.isfinite(xyz).all(axis=1)))
            raise ParseError("a coordinate is not a finite number", position=first)
        if len(xyz) > 1 and np.ptp(xyz, axis=0).max() == 0.0:
            mol.RemoveAllConformers()
            notes.append("all atoms lie on one point: read as no conformer")
        elif not mol.GetConformer().Is3D():
            notes.append("2D coordinates: a drawing, not a conformer")
    if mol.GetNumConformers() and not mol.GetConformer().Is3D():
        with captured_log():
            Chem.AssignChiralTypesFromBondDirs(mol)
    sanitise(mol)
    if mol.GetNumConformers() and not mol.GetConformer().Is3D():
        with captured_log():
            Chem.SetDoubleBondNeighborDirections(mol, mol.GetConformer())
            Chem.DetectBondStereochemistry(mol)
            Chem.AssignStereochemistry(mol, cleanIt=True, force=True)
    if any(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()):
        notes.append("wildcard atoms kept as *")
    for name, value in fields.items():
        mol.SetProp(name, value)
    title = mol.GetProp(_TITLE).strip() if mol.HasProp(_TITLE) else ""
    return Molecule(mol, title, tuple(notes))


def record_bytes(molecule: Molecule, file_format: str, *, v3000: bool = False) -> bytes:
    """Return one record of a .smi, .selfies, .sdf or .mol file; ``v3000`` forces V3000 where V2000 would do."""
    title = _title(molecule.name, file_format)
    if file_format in ("smi", "selfies"):
        text = molecule.smiles if file_format == "smi" else molecule.selfies
        return (f"{text}\t{title}\n" if title else f"{text}\n").encode()
    mol = Chem.Mol(molecule.mol)
    mol.SetProp(_TITLE, title)
    large = max(mol.GetNumAtoms(), mol.GetNumBonds()) > _V2000_MOST
    buffer = StringIO()
    with captured_log():
        if file_format == "mol":
            return str(Chem.MolToMolBlock(mol, forceV3000=v3000 or large)).encode()
        with Chem.SDWriter(buffer) as writer:
            writer.SetForceV3000(v3000 or large)
            writer.write(mol)
    return buffer.getvalue().encode()


def _title(name: str, file_format: str) -> str:
    """Return a name as one line, without a beginning that readers take for something else than a name."""
    title = " ".join(name.split())
    if file_format in ("smi", "selfies"):
        return title.lstrip("| ")  # else a ChemAxon extension of the SMILES string
    return title.lstrip("$ ") if title.startswith(_SDF_END) else title  # else the end of the record
