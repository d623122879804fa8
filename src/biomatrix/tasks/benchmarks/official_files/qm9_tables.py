"""QM9 as it is distributed, an SD file with a table of properties; and other conformers in a Parquet table like it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import numpy as np

from biomatrix.entities import Molecule
from biomatrix.entities.files.delimited import Delimited
from biomatrix.entities.files.reading import read_lines
from biomatrix.entities.rejects import Reject
from biomatrix.entities.tables import columns_of, parquet_rows
from biomatrix.errors import BioMatrixError, ParseError
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.rows.qm9_splits import Indices

HARTREE: Final = 27_211.386246
"""A Hartree in meV, as GRAPH-0/JODO has it."""
ELECTRONVOLT: Final = 1_000.0
CV_OF_AN_ATOM: Final = 2.981
"""The thermochemical heat capacity of a free atom in cal/(mol K), the same for every element."""
ENERGIES: Final = ("homo", "lumo", "gap")
_NUMBER: Final = re.compile(r"\s*(\d{1,6})\s")

Found: TypeAlias = tuple[int, Molecule | Reject]
"""A position from 0, and what stands there."""


class Conformers(Protocol):
    """Molecules with coordinates and properties, by their position."""

    @property
    def kept(self) -> Indices:
        """The positions of the molecules that are not left out, in order."""

    def molecules(self, wanted: Indices) -> Iterator[Found]:
        """Yield those at these positions, in the order of the file."""

    def value(self, name: str, index: int, atoms: int) -> float:
        """Return a property: D, Bohr^3, meV, or cal/(mol K) above that of the free atoms."""


@dataclass(frozen=True)
class DistributedFiles:
    """``gdb9.sdf``, ``gdb9.sdf.csv`` and ``uncharacterized.txt``.

    133,885 molecules with hydrogens and DFT geometries, their properties in the same order, and the numbers of the
    3,054 whose geometry is that of another molecule. Leaving those out gives the 130,831 of every published split.

    Parameters
    ----------
    folder : Path
    """

    folder: Path

    @cached_property
    def _rows(self) -> list[Mapping[str, str]]:
        path = official_file(self.folder, "gdb9.sdf.csv")
        rows: list[Mapping[str, str]] = []
        for row in Delimited(path).rows(whole=True):
            if isinstance(row, ParseError):
                raise row.at(file=str(path), record=len(rows) + 1)
            rows.append(row)
        return rows

    @cached_property
    def kept(self) -> Indices:
        """The positions of the molecules that are not left out."""
        lines = read_lines(official_file(self.folder, "uncharacterized.txt"))
        left_out = {int(found[1]) - 1 for line in lines if (found := _NUMBER.match(line))}
        return np.asarray([index for index in range(len(self._rows)) if index not in left_out], dtype=np.int64)

    def molecules(self, wanted: Indices) -> Iterator[Found]:
        """Yield the molecules at these positions; the others are cut apart and not read.

        Raises
        ------
        ParseError
            There are not as many as the table has rows: one of the files is cut, and the splits are others.
        """
        path, places = official_file(self.folder, "gdb9.sdf"), frozenset(wanted.tolist())
        count = 0
        for index, block in enumerate(_mol_blocks(path)):
            count += 1
            if index in places:
                try:
                    yield index, _molecule(block)
                except BioMatrixError as error:
                    yield index, Reject.from_error(error, str(path), index + 1)
        if count != len(self._rows):
            raise ParseError(f"{count:,} molecules, and gdb9.sdf.csv has {len(self._rows):,} rows", file=str(path))

    def value(self, name: str, index: int, atoms: int) -> float:
        """Return a property of the table, where energies stand in Hartree."""
        return _value(self._rows[index], name, atoms, HARTREE)


@dataclass(frozen=True)
class ConformerTable:
    """A Parquet table with a molecule a row: columns of atoms, positions, bonds and charges, and perhaps properties.

    Parameters
    ----------
    path : Path
    """

    path: Path

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        return list(parquet_rows(self.path, columns_of(self.path)))

    @property
    def kept(self) -> Indices:
        """All positions."""
        return np.arange(len(self._rows), dtype=np.int64)

    def molecules(self, wanted: Indices) -> Iterator[Found]:
        """Yield the molecules at these positions."""
        for index in sorted(wanted.tolist()):
            row = self._rows[index]
            try:
                columns = [row.get(key) for key in ("atomic_numbers", "positions", "bonds", "formal_charges")]
                yield index, Molecule.from_arrays(*columns)
            except BioMatrixError as error:
                yield index, Reject.from_error(error, str(self.path), index + 1)

    def value(self, name: str, index: int, atoms: int) -> float:
        """Return a property of the table, where energies stand in eV."""
        return _value(self._rows[index], "Cv" if name == "cv" else name, atoms, ELECTRONVOLT)


def conformers(folder: Path, file: str = "") -> Conformers:
    """Return the molecules of a folder: of a Parquet file in it where one is named, else of the distributed files."""
    return ConformerTable(official_file(folder, file)) if file else DistributedFiles(folder)


def _mol_blocks(path: Path) -> Iterator[str]:
    """Yield the records of an SD file as they are written."""
    lines: list[str] = []
    for line in read_lines(path):
        if line.startswith("$$$$"):
            yield "\n".join(lines)
            lines = []
        else:
            lines.append(line)


def _molecule(block: str) -> Molecule:
    """Return the molecule of a record with its hydrogens; ParseError where RDKit cannot read it."""
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        mol = Chem.MolFromMolBlock(block, removeHs=False)
    if mol is None:
        raise ParseError(f"not a MOL block that RDKit can read: {block[:40]!r}")
    return Molecule.from_rdkit(mol)


def _value(row: Mapping[str, Any], name: str, atoms: int, energy: float) -> float:
    try:
        value = float(row[name])
    except (KeyError, TypeError, ValueError) as error:
        raise ParseError(f"no number in the column {name!r}", position=name) from error
    if name in ENERGIES:
        return value * energy
    return value - CV_OF_AN_ATOM * atoms if name.lower() == "cv" else value
