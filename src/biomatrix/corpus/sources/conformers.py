"""Molecules with measured or quantum-chemical coordinates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from rdkit import Chem

from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.base import Provenance, Source
from biomatrix.corpus.sources.molecule_records import SIZES, molecule_record
from biomatrix.corpus.sources.tables import ParquetTable, Table, parquet_rows
from biomatrix.entities import Molecule
from biomatrix.errors import ParseError


def closed_shell(molecule: Molecule) -> Chem.Mol:
    """Return the RDKit molecule of one with all hydrogens explicit, its atoms allowed to have implicit ones again.

    Raises
    ------
    ParseError
        If there are atoms with open valences; names the first as position.
    """
    mol = Chem.Mol(molecule.mol)
    for atom in mol.GetAtoms():
        if atom.GetNumRadicalElectrons():
            raise ParseError("atoms with open valences: hydrogens or charges are missing", position=atom.GetIdx())
        atom.SetNoImplicit(False)
    return mol


class ConformerSource(Source):
    """A Parquet table of molecules with coordinates, hydrogens and Kekule bonds; one row per conformer."""

    largest = SIZES
    _COLUMNS = ("id", "atomic_numbers", "positions", "bonds", "formal_charges")

    def table(self, path: Path) -> Table:
        return ParquetTable(path, self._COLUMNS)

    def expand(self, table: Table, number: int, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        name, turn = str(row["id"]), self._repeats.get(number, 1)
        yield (name if turn == 1 else f"{name}#{turn}"), row

    @cached_property
    def _repeats(self) -> dict[int, int]:
        """By number of each row that repeats a name, how often the name has occurred up to it; only names are read."""
        seen: Counter[str] = Counter()
        repeats: dict[int, int] = {}
        names = (row["id"] for path in self.paths for row in parquet_rows(path, ("id",)))
        for number, name in enumerate(map(str, names)):
            seen[name] += 1
            if seen[name] > 1:
                repeats[number] = seen[name]
        return repeats

    def record(self, identifier: str, row: Mapping[str, Any]) -> Record:
        molecule = Molecule.from_arrays(row["atomic_numbers"], row["positions"], row["bonds"], row["formal_charges"])
        return molecule_record(self.name, identifier, closed_shell(molecule), {}, sizes=self.largest)


def _conformers(name: str, origin: str) -> Callable[[Path], Source]:
    return lambda root: ConformerSource(
        name,
        Provenance(
            ("MIT",), origin, (f"molecule/conformers_3d/{name}.parquet",), "all", category="molecule", part="3d"
        ),
        root,
    )


CONFORMER_SOURCES: dict[str, Callable[[Path], Source]] = {
    "cascade_dft8k": _conformers("cascade_dft8k", "patonlab/CASCADE; NMRShiftDB, M06-2X/def2-TZVP"),
    "cascade_ff8k": _conformers("cascade_ff8k", "patonlab/CASCADE; NMRShiftDB, MMFF94"),
    "qm7_gdb7": _conformers("qm7_gdb7", "deepchem/deepchem; QM7 (quantum-machine.org)"),
    "conformer_benchmark_dft": _conformers(
        "conformer_benchmark_dft", "ghutchis/conformer-benchmark (Folmsbee and Hutchison 2020), B3LYP-D3BJ"
    ),
}
