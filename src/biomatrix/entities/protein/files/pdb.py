"""The text of PDB files: chains of backbones, and which of them is which."""

from __future__ import annotations

import itertools
import string
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from biomatrix.entities.files.writing import write_whole
from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.files.text import backbone_atoms, check_distinct
from biomatrix.entities.title_lines import title_line
from biomatrix.entities.writers import RecordWriter, Refusal, named_anew
from biomatrix.errors import BioMatrixError, UnsupportedError

_ADVICE: Final[str] = "which the columns of a PDB file cannot hold; write .cif"
_LAST_SERIAL: Final[int] = 99_999
_LETTERS: Final[str] = string.ascii_uppercase + string.ascii_lowercase + string.digits
"""What a chain may be called, in the order in which names are given."""
_TEXT_WIDTH: Final[int] = 69


def pdb_text(proteins: Sequence[Protein]) -> str:
    """Return a PDB file of backbones, one chain after another, each closed by TER; names stand in its title.

    Raises
    ------
    UnsupportedError
        No chain, two of one identifier, a chain without a structure, or a value that the columns cannot hold.
    """
    check_distinct(proteins)
    return _file_text(proteins, [protein.chain for protein in proteins])


class PdbWriter(RecordWriter):
    """A PDB file of many chains; a chain whose identifier is taken or too long is given another, and a note says so.

    The columns hold 62 chains and 99,999 atoms, so the chains are kept until the end: names are given to those without
    one when those of all others are known.
    """

    def __init__(self, path: str | Path, refuse: Refusal) -> None:
        super().__init__(path, refuse)
        self._chains: list[Protein] = []
        self._serial = 0

    def write(self, entity: Protein, number: int) -> None:  # type: ignore[override]
        try:
            if self.count >= len(_LETTERS):
                raise UnsupportedError(f"a PDB file holds {len(_LETTERS)} chains; write .cif, or give a folder")
            serial = self._serial
            for _ in _chain_lines(entity, "A", serial):
                serial += 1
        except BioMatrixError as error:
            self._refuse(number, error)
            return
        self._chains.append(entity)
        self._serial = serial
        self.count += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._chains:
            names = _distinct([protein.chain for protein in self._chains])
            write_whole(self.path, _file_text(self._chains, names).encode())
            changed = sum(name != protein.chain for name, protein in zip(names, self._chains, strict=True))
            self.notes = named_anew(changed, "chain identifiers", "REMARK 6 of the file")


def _file_text(proteins: Sequence[Protein], names: Sequence[str]) -> str:
    lines = [*_titles(proteins, names)]
    serial = 0
    for protein, name in zip(proteins, names, strict=True):
        atoms = [*_chain_lines(protein, name, serial)]
        serial += len(atoms)
        lines += atoms
    lines.append("END")
    return "\n".join(f"{line:<80}" for line in lines) + "\n"


def _titles(proteins: Sequence[Protein], names: Sequence[str]) -> Iterator[str]:
    """Yield the records that say what the chains are: a title for one, molecules for several, and names given anew."""
    titles = [title_line(protein.name) for protein in proteins]
    if len(proteins) == 1:
        yield from _continued("TITLE ", titles)
    elif any(titles):
        named = enumerate(zip(titles, names, strict=True), start=1)
        parts = (
            (f"MOL_ID: {at};", f"MOLECULE: {title.replace(';', ',')};", f"CHAIN: {name};")
            for at, (title, name) in named
        )
        yield from _continued("COMPND", [*itertools.chain.from_iterable(parts)])
    for protein, name in zip(proteins, names, strict=True):
        if name != protein.chain:
            yield f"REMARK   6 CHAIN {name} IS CHAIN {protein.chain!r} OF ITS SOURCE"[:80]


def _continued(record: str, parts: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a record that may be continued; each part begins a line."""
    pieces = [part[start : start + _TEXT_WIDTH] for part in parts for start in range(0, len(part), _TEXT_WIDTH)]
    for number, piece in enumerate(pieces, start=1):
        yield f"{record} {number:>3} {piece}" if number > 1 else f"{record}    {piece}"


def _distinct(chains: Sequence[str]) -> list[str]:
    """Return a name of at most one letter for each chain: its own where that is free, else a letter that is."""
    kept = [
        chain if len(chain) <= 1 and chain.isascii() and chain.isprintable() and chain not in chains[:at] else None
        for at, chain in enumerate(chains)
    ]
    free = iter([letter for letter in _LETTERS if letter not in kept])
    return [next(free) if name is None else name for name in kept]


def _chain_lines(protein: Protein, chain: str, serial: int) -> Iterator[str]:
    """Yield the ATOM lines of a chain and its TER, numbered from the serial that follows the given one."""
    if len(chain) > 1 or not (chain.isascii() and chain.isprintable()):
        raise UnsupportedError(f"the chain identifier {chain!r} is longer than one letter, {_ADVICE}")
    last = ""
    for atom, residue, number, code, xyz in backbone_atoms(protein):
        serial += 1
        if not -999 <= number <= 9999:
            raise UnsupportedError(f"residue number {number} of chain {chain!r}, {_ADVICE}", position=number)
        if len(code) > 1:
            raise UnsupportedError(f"insertion code {code!r} of residue {number}, {_ADVICE}", position=number)
        if serial >= _LAST_SERIAL:
            raise UnsupportedError(f"more than {_LAST_SERIAL:,} atoms, {_ADVICE}")
        if not bool(((xyz > -1000) & (xyz < 10000)).all()):
            raise UnsupportedError(f"a coordinate of residue {number} past 9999 Angstrom, {_ADVICE}", position=number)
        last = f"{residue:>3} {chain or ' '}{number:>4}{code or ' '}"
        x, y, z = xyz.tolist()
        yield f"ATOM  {serial:>5}  {atom:<3} {last}   {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00          {atom[0]:>2}  "
    yield f"TER   {serial + 1:>5}      {last}"
