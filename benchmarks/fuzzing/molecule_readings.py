"""Molecules of a file by RDKit and a few lines of code: what a reader here is held against."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import selfies
from numpy.typing import NDArray
from rdkit import Chem

SMILES_COLUMNS: Final = ("smiles", "SMILES", "Smiles", "canonical_smiles")
_RESIDUE: Final = re.compile("<A([A-Z])>")
_PAIR: Final = re.compile(r"^<\|(\w+)_start\|>(.*)<\|\1_end\|>$", re.DOTALL)


@dataclass(frozen=True)
class MoleculeReading:
    """One record: None for ``mol`` where RDKit reads none."""

    mol: Chem.Mol | None
    name: str = ""
    letters: str | None = None
    """The sequence, where the record is a protein's."""
    joined: bool = False
    """Whether it is a further one of several blocks that nothing parts, and that may be refused as one record."""

    @property
    def smiles(self) -> str | None:
        return None if self.mol is None else canonical(self.mol)

    @property
    def flat(self) -> str | None:
        return None if self.mol is None else canonical(self.mol, stereo=False)

    @property
    def coordinates(self) -> NDArray[np.float64] | None:
        if self.mol is None or not self.mol.GetNumConformers() or not self.mol.GetConformer().Is3D():
            return None
        return np.asarray(self.mol.GetConformer().GetPositions())


def canonical(mol: Chem.Mol, stereo: bool = True) -> str:
    """Return a SMILES that two readings of one molecule share, by way of a second reading of the first's."""
    copy = Chem.RemoveHs(mol, sanitize=False)
    for atom in copy.GetAtoms():
        atom.SetAtomMapNum(0)
    text = str(Chem.MolToSmiles(copy, isomericSmiles=stereo))
    again = Chem.MolFromSmiles(text)
    return text if again is None else str(Chem.MolToSmiles(again, isomericSmiles=stereo))


def molecules_of(text: str, file_format: str) -> list[MoleculeReading]:
    """Return every record of a text file of molecules."""
    return list(_READERS[file_format](text))


def _smiles_lines(text: str) -> Iterator[MoleculeReading]:
    for line in text.split("\n"):
        if line.strip() and not line.startswith("#"):
            word, *more = line.split(None, 1)
            rest = more[0].strip() if more else ""
            extended = rest.startswith("|")
            name = rest.split("|", 2)[-1] if extended else rest
            yield MoleculeReading(_of_smiles(f"{word} {rest}" if extended else word), _first_column(name))


def _selfies_lines(text: str) -> Iterator[MoleculeReading]:
    for line in text.split("\n"):
        if line.strip() and not line.startswith("#"):
            word, *more = line.split(None, 1)
            yield MoleculeReading(_of_selfies(word), _first_column(more[0].strip() if more else ""))


def _first_column(title: str) -> str:
    return title.partition("\t")[0].strip()


def _of_smiles(text: str) -> Chem.Mol | None:
    mol = Chem.MolFromSmiles(text)
    return mol if mol is not None and mol.GetNumAtoms() else None


def _of_selfies(text: str) -> Chem.Mol | None:
    try:
        return _of_smiles(selfies.decoder(text))
    except (selfies.DecoderError, ValueError, KeyError, IndexError):
        return None


def _mol_blocks(text: str) -> Iterator[MoleculeReading]:
    block: list[str] = []
    for line in [*text.split("\n"), None]:
        if line is not None and not line.startswith("$$$$"):
            block.append(line)
        elif any(part.strip() for part in block):
            yield from _mol_block(block)
            block = []
        else:
            block = []


def _mol_block(lines: list[str]) -> Iterator[MoleculeReading]:
    ends = [number for number, line in enumerate(lines) if line.startswith("M  END")]
    pieces = sum(any(map(str.strip, lines[one + 1 : other])) for one, other in pairwise(ends))
    if pieces:  # RDKit reads the first of several molecules and drops the rest without a word
        yield from (MoleculeReading(None, joined=piece > 0) for piece in range(pieces + 1))
        return
    mol = Chem.MolFromMolBlock("\n".join(lines), removeHs=False)
    yield MoleculeReading(mol if mol is not None and mol.GetNumAtoms() else None, lines[0].strip())


def _mol2_blocks(text: str) -> Iterator[MoleculeReading]:
    mark = "@<TRIPOS>MOLECULE"
    for piece in ("\n" + text).split(f"\n{mark}")[1:]:
        block = mark + piece
        mol = Chem.MolFromMol2Block(block, removeHs=False)
        title = [*block.split("\n"), ""][1].strip()
        yield MoleculeReading(mol if mol is not None and mol.GetNumAtoms() else None, title)


def _table(text: str) -> Iterator[MoleculeReading]:
    rows = csv.reader(io.StringIO(text))
    header = [name.strip() for name in next(rows, [])]
    place = next((header.index(one) for one in SMILES_COLUMNS if one in header), None)
    for number, row in enumerate((row for row in rows if row), start=1) if place is not None else ():
        cells = dict(zip(header, row, strict=False))
        name = cells.get("id") or cells.get("name") or str(number)
        yield MoleculeReading(_of_smiles(row[place].strip()) if place < len(row) else None, name)


def _token_lines(text: str) -> Iterator[MoleculeReading]:
    for line in text.split("\n"):
        if not line.strip():
            continue
        wrapped, name = _wrapped(line)
        found = _PAIR.match(wrapped)
        inner = found[2] if found else ""
        if found and found[1] != "mol_smi":
            inner = "".join(inner.split())  # white space between tokens is ignored by the format
        if found and found[1] == "prot_aa":
            letters = _RESIDUE.findall(inner)
            yield MoleculeReading(None, name, "".join(letters) if _RESIDUE.sub("", inner) == "" else None)
            continue
        read = {"mol_smi": _of_smiles, "mol_sfi": _of_selfies}.get(found[1]) if found else None
        yield MoleculeReading(read(inner) if read and inner else None, name)


def _wrapped(line: str) -> tuple[str, str]:
    try:
        record: Any = json.loads(line)
    except ValueError:
        return line.strip(), ""
    if not isinstance(record, dict):
        return "", ""
    text, name = record.get("text"), record.get("name")
    return (text.strip() if isinstance(text, str) else ""), str(name or "")


_READERS: Final = {
    "smi": _smiles_lines,
    "selfies": _selfies_lines,
    "sdf": _mol_blocks,
    "mol": _mol_blocks,
    "mol2": _mol2_blocks,
    "csv": _table,
    "jsonl": _token_lines,
}
