"""The wwPDB Chemical Component Dictionary that is included in Biotite: names and ideal coordinates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import biotite
import numpy as np
from rdkit import Chem

from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.base import Provenance, Source
from biomatrix.corpus.sources.conformers import closed_shell
from biomatrix.corpus.sources.molecule_records import SIZES, molecule_record
from biomatrix.corpus.sources.tables import RowTable, Table
from biomatrix.entities import Molecule
from biomatrix.errors import LimitError, ParseError, UnsupportedError

_ORDERS = {"SING": 1, "DOUB": 2, "TRIP": 3}
_MAX_NAME = 200
_NUMBERS = {str(Chem.GetPeriodicTable().GetElementSymbol(number)): number for number in range(1, 119)} | {"D": 1}


class ComponentDictionary(Source):
    """Every released component with complete ideal coordinates."""

    largest = SIZES

    @cached_property
    def fingerprint(self) -> str:
        return f"biotite-{biotite.__version__}-ccd"

    @cached_property
    def _table(self) -> dict[str, Any]:
        """The dictionary as columns, with the first and last atom and bond of each component."""
        from biotite.structure.info.ccd import get_ccd

        block = get_ccd()
        atoms, bonds, heads = block["chem_comp_atom"], block["chem_comp_bond"], block["chem_comp"]
        axes = [f"pdbx_model_Cartn_{axis}_ideal" for axis in "xyz"]
        return {
            "id": heads["id"].as_array(str),
            "name": heads["name"].as_array(str),
            "status": heads["pdbx_release_status"].as_array(str),
            "atoms": _spans(atoms["comp_id"].as_array(str)),
            "bonds": _spans(bonds["comp_id"].as_array(str)),
            "atom_name": atoms["atom_id"].as_array(str),
            "element": np.char.capitalize(atoms["type_symbol"].as_array(str)),
            "charge": atoms["charge"].as_array(int, masked_value=0),
            "xyz": np.stack([atoms[axis].as_array(float, masked_value=np.nan) for axis in axes], axis=1),
            "begin": bonds["atom_id_1"].as_array(str),
            "end": bonds["atom_id_2"].as_array(str),
            "order": bonds["value_order"].as_array(str),
        }

    def table(self, path: Path) -> Table:
        return self._heads

    def open_tables(self) -> list[Table]:
        return [self._heads]

    @cached_property
    def _heads(self) -> Table:
        table = self._table
        return RowTable(list(zip(table["id"], table["name"], table["status"], strict=True)))

    def expand(self, table: Table, number: int, row: tuple[str, str, str]) -> Iterator[tuple[str, Any]]:
        identifier, name, status = map(str, row)
        yield identifier, (name, status)

    def record(self, identifier: str, row: tuple[str, str]) -> Record:
        name, status = row
        if status != "REL":
            raise UnsupportedError(f"release status {status}")
        table = self._table
        first, last = table["atoms"].get(identifier, (0, 0))
        if last - first > 200:
            raise LimitError(f"{last - first} atoms: the corpus takes at most 200 of a component")
        positions = table["xyz"][first:last]
        if len(positions) == 0 or not np.isfinite(positions).all():
            raise ParseError("no complete ideal coordinates")
        molecule = Molecule.from_arrays(
            _atomic_numbers(table["element"][first:last]),
            positions,
            self._bonds(identifier, table["atom_name"][first:last]),
            table["charge"][first:last],
        )
        fields = {"name": _readable(name)} if len(name) <= _MAX_NAME else {}
        return molecule_record(self.name, identifier, closed_shell(molecule), fields, sizes=self.largest)

    def _bonds(self, identifier: str, names: Any) -> Any:
        table = self._table
        first, last = table["bonds"].get(identifier, (0, 0))
        place = {str(name): index for index, name in enumerate(names)}
        return np.array(
            [
                (place[str(begin)], place[str(end)], _ORDERS.get(str(order).upper(), 0))
                for begin, end, order in zip(
                    table["begin"][first:last],
                    table["end"][first:last],
                    table["order"][first:last],
                    strict=True,
                )
            ],
            dtype=np.int64,
        ).reshape(-1, 3)


def _spans(names: Any) -> dict[str, tuple[int, int]]:
    """Return the first and past-the-last row of each run of equal names."""
    edges = np.flatnonzero(names[1:] != names[:-1]) + 1
    starts = np.concatenate([[0], edges])
    stops = np.concatenate([edges, [len(names)]])
    return {str(names[start]): (int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)}


def _atomic_numbers(elements: Any) -> Any:
    unknown = sorted({str(element) for element in elements} - _NUMBERS.keys())
    if unknown:
        raise ParseError(f"not elements: {', '.join(unknown)}")
    return np.array([_NUMBERS[str(element)] for element in elements], dtype=np.int64)


def _readable(name: str) -> str:
    """Return a component's name in ordinary case: the older entries are written in capitals throughout."""
    return name.lower() if name.isupper() and len(name) > 4 else name


def _ccd(root: Path) -> Source:
    return ComponentDictionary(
        "ccd",
        Provenance(
            ("CC0-1.0",),
            "wwPDB Chemical Component Dictionary, as carried by Biotite",
            (),
            "all released",
            category="molecule",
            part="3d",
        ),
        root,
    )


COMPONENT_SOURCES: dict[str, Callable[[Path], Source]] = {"ccd": _ccd}
