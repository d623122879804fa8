"""Records of interactions from a source of the tests: ligands in pockets, and pairs of proteins, in one frame each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.corpus.holdout import split_of
from biomatrix.corpus.records import INTERACTION, Record
from biomatrix.corpus.sources import Provenance, Source
from biomatrix.corpus.sources.tables import RowTable, Table
from biomatrix.entities import Molecule, Protein

SMILES = ("CCO", "c1ccccc1O", "CC(=O)O", "c1ccncc1", "NCC(=O)O", "Cc1ccccc1", "Nc1ccccc1", "CCCCCC")


def helix(length: int, centre: float) -> NDArray[np.float32]:
    """Return the backbone of an ideal helix about an axis through ``(centre, 0, 0)``, ``float32 [length, 3, 3]``."""
    turns = np.deg2rad(100.0 * np.arange(length)[:, None] + np.array([-27.0, 0.0, 26.0]))
    radii, rise = np.array([1.55, 2.28, 1.66]), 1.5 * np.arange(length)[:, None] + np.array([-0.9, 0.0, 1.1])
    return np.stack([centre + radii * np.cos(turns), radii * np.sin(turns), rise], axis=-1).astype(np.float32)


class Interactions(Source):
    """Two thirds ligands and their proteins, one third pairs; every row has its number as affinity."""

    def __init__(self, root: Path, count: int = 24, structure: bool = False) -> None:
        super().__init__("interactions", Provenance(("MIT",), "made for tests", (), "all"), root)
        self.count, self.structure = count, structure
        self.fingerprint = f"interactions-{count}-{structure}"

    def table(self, path: Path) -> Table:
        """Return the numbers of the rows."""
        return RowTable(range(self.count))

    def open_tables(self) -> list[Table]:
        """Return one table."""
        return [self.table(self.root)]

    def expand(self, table: Table, number: int, row: int) -> Iterator[tuple[str, Any]]:
        """Yield the row."""
        yield f"i{row}", row

    def protein(self, number: int, centre: float) -> Protein:
        """Return a protein of 24 residues."""
        letters = "".join(np.random.default_rng(number).choice(list("ACDEFGHIKLMNPQRSTVWY"), 24))
        return Protein(letters, helix(24, centre) if self.structure else None)

    def record(self, identifier: str, row: int) -> Record:
        """Return a ligand with its protein, or two proteins."""
        if row % 3 == 2:
            parts: dict[str, Any] = {"protein_1": self.protein(row, 0.0), "protein_2": self.protein(row + 500, 9.5)}
            fields = {"interacts": "yes" if row % 2 else "no", "log_kd": f"{row / 7:.3f}"}
        else:
            ligand = Molecule.from_smiles(SMILES[row % len(SMILES)])
            parts = {"ligand": ligand.embed(seed=row) if self.structure else ligand, "protein": self.protein(row, 6.0)}
            fields = {"affinity": f"{row / 3:.3f}", "measure": "Kd"}
        return Record(self.name, identifier, INTERACTION, split_of(*parts.values()), fields, None, parts)
