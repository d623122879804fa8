"""Chains of a file by gemmi and a few lines of code: what a reader here is held against."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import gemmi
import numpy as np
from biotite.structure.io.pdbx import BinaryCIFFile
from numpy.typing import NDArray

Place: TypeAlias = tuple[str, int, str]
"""Chain, residue number, insertion code."""
_PIR: Final = re.compile(r"[A-Z][A-Z1-9];")
"""How the header of a PIR record begins; its next line is a title, and its letters end at an asterisk."""
_DECLARED: Final = re.compile(r"([^|]*)\|\s*(rna|dna)\s*(\||$)", re.IGNORECASE)
"""The header of a nucleic acid in the input of a structure predictor: the chain, then what it is."""
BACKBONE: Final = ("N", "CA", "C")


@dataclass
class ResidueReading:
    """What a file says of one place: letters of its names, positions of its backbone atoms, all alternates."""

    letters: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    atoms: dict[str, list[NDArray[np.float64]]] = field(default_factory=dict)
    standard: bool = False

    @property
    def complete(self) -> bool:
        return all(name in self.atoms for name in BACKBONE)


def structure_of(text: str, file_format: str) -> dict[Place, ResidueReading] | None:
    """Return the first model of a PDB or mmCIF file by place; None where gemmi cannot read it."""
    try:
        if file_format == "pdb":
            # gemmi counts bytes, and the columns of the format are characters
            plain = text.encode("ascii", "replace").decode()
            structure = gemmi.read_pdb_string(_from_first_atom(plain))
        else:
            structure = gemmi.make_structure_from_block(gemmi.cif.read_string(text)[0])
        places: dict[Place, ResidueReading] = {}
        for chain in structure[0] if len(structure) else ():
            for residue in chain:
                _add(places, chain.name, residue)
    except (ValueError, RuntimeError, IndexError):  # a name cut inside a character of UTF-8 is a ValueError too
        return None
    return places or None


def _from_first_atom(text: str) -> str:
    """Return a PDB file without an END that stands before its first atom, where gemmi would stop."""
    lines = text.split("\n")
    first = next((at for at, line in enumerate(lines) if line.startswith(("ATOM", "HETATM"))), 0)
    return "\n".join([*(line for line in lines[:first] if line.strip() != "END"), *lines[first:]])


def binary_structure_of(content: bytes) -> dict[Place, ResidueReading] | None:
    """Return the same of a BinaryCIF file, from the arrays of the columns that name and place atoms; None if broken."""
    try:
        file = BinaryCIFFile.read(io.BytesIO(content))
        category = next(file[name]["atom_site"] for name in file if "atom_site" in file[name])
        columns = {key: category[key].as_array(str).tolist() for key in _COLUMNS if key in category}
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        return _places_of(rows)
    except Exception:  # noqa: BLE001  # whatever broken bytes make it raise, there is nothing to compare with
        return None


_COLUMNS: Final = (
    "group_PDB", "auth_asym_id", "label_asym_id", "auth_seq_id", "label_seq_id", "pdbx_PDB_ins_code", "auth_comp_id",
    "label_comp_id", "auth_atom_id", "label_atom_id", "Cartn_x", "Cartn_y", "Cartn_z", "pdbx_PDB_model_num",
)  # fmt: skip


def _places_of(rows: list[dict[str, str]]) -> dict[Place, ResidueReading]:
    """Return the atoms of the first model by place, under the author's names where there are any."""
    places: dict[Place, ResidueReading] = {}
    for row in rows:
        if row.get("pdbx_PDB_model_num") != rows[0].get("pdbx_PDB_model_num"):
            continue
        code = row.get("pdbx_PDB_ins_code", "").strip("?. ")
        place = (_either(row, "asym_id"), int(_either(row, "seq_id")), code)
        reading = places.setdefault(place, ResidueReading())
        _name(reading, _either(row, "comp_id"), row.get("group_PDB") == "HETATM")
        # where the two columns of names differ, the atom may be either
        for atom in {row.get("auth_atom_id", ""), row.get("label_atom_id", "")} & set(BACKBONE):
            position = np.array([float(row[f"Cartn_{axis}"]) for axis in "xyz"])
            reading.atoms.setdefault(atom, []).append(position)
    return places


def _either(row: dict[str, str], what: str) -> str:
    author = row.get(f"auth_{what}", "")
    return author if author.strip("?. ") else row.get(f"label_{what}", "")


def _add(places: dict[Place, ResidueReading], chain: str, residue: gemmi.Residue) -> None:
    code = residue.seqid.icode.strip()
    reading = places.setdefault((chain, residue.seqid.num, code), ResidueReading())
    _name(reading, residue.name, residue.het_flag == "H")
    for atom in residue:
        if atom.name in BACKBONE:
            reading.atoms.setdefault(atom.name, []).append(np.array(atom.pos.tolist()))


def _name(reading: ResidueReading, name: str, hetero: bool) -> None:
    known = gemmi.find_tabulated_residue(name)
    reading.names.add(name)
    reading.letters.add(known.one_letter_code.upper().strip() or "X")
    reading.standard |= known.is_standard() and known.is_amino_acid() and not hetero


def sequences_of(text: str) -> list[tuple[str, str]]:
    """Return name and letters of every FASTA record."""
    records: list[tuple[str, str]] = []
    for piece in ("\n" + text).split("\n>")[1:]:
        header, _, rest = piece.partition("\n")
        lines = [line for line in rest.split("\n") if line.strip() and not line.startswith(";")]
        pir = _PIR.match(header.strip())
        letters = "".join("".join(line.split()) for line in (lines[1:] if pir else lines))
        words = (header.strip()[3:] if pir else header).split()
        declared = _DECLARED.match(header)
        name = declared.group(1).strip() if declared else words[0] if words else ""
        records.append((name, (letters.partition("*")[0] if pir else letters).upper()))
    return records
