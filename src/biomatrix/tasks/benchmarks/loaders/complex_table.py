"""A table of complexes with poses: a ligand as SDF text, chains as whole numbers, an affinity.

Settings: ``table``; ``sources``, the value of the column ``source`` that makes a split. Coordinates of the backbone
are int16 hundredths of an Angstrom from ``origin``, in the order residue, atom (N, CA, C, O), axis; -32768 is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from biomatrix.entities import Molecule, Protein
from biomatrix.entities.rejects import Reject
from biomatrix.entities.tables import parquet_rows
from biomatrix.errors import ParseError
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.rows.complex_examples import complex_example
from biomatrix.tasks.benchmarks.rows.pair_examples import as_number, text
from biomatrix.tasks.benchmarks.rows.split_files import of_split
from biomatrix.tasks.benchmarks.rows.table_examples import row_examples

_COLUMNS: Final = (
    "complex_id", "source", "pAffinity", "ligand_sdf", "chains", "chain_lengths", "sequences", "backbone", "origin",
)  # fmt: skip
_MISSING: Final = -32768
_ATOMS: Final = 4


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the complexes of a split that have an affinity."""
    source = of_split(settings["sources"], split)
    path = official_file(folder, settings["table"])

    def make(_: int, row: Mapping[str, Any]) -> Iterator[Example]:
        if row["source"] == source:
            affinity = as_number(row["pAffinity"], "pAffinity")
            yield complex_example(text(row, "complex_id"), _ligand(text(row, "ligand_sdf")), _chains(row), affinity)

    return row_examples(parquet_rows(path, _COLUMNS), path, make)


def _ligand(block: str) -> Molecule:
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        mol = Chem.MolFromMolBlock(_plain(block))
    if mol is None:
        raise ParseError("a ligand that RDKit cannot read")
    return Molecule.from_rdkit(mol)


def _plain(block: str) -> str:
    """Return a MOL block without hydrogen counts of atoms and topologies of bonds, which make it a query.

    PDBbind's own tool sets both.
    """
    lines = block.splitlines()
    counts = (lines[3][:3].strip(), lines[3][3:6].strip()) if len(lines) > 3 else ("", "")
    if not all(count.isdecimal() for count in counts):
        raise ParseError("no MOL block")
    atoms_end = 4 + int(counts[0])
    atoms = [f"{line[:42]}  0{line[45:]}" if len(line) > 45 else line for line in lines[4:atoms_end]]
    bonds = [line[:12] for line in lines[atoms_end : atoms_end + int(counts[1])]]
    return "\n".join([*lines[:4], *atoms, *bonds, *lines[atoms_end + int(counts[1]) :]])


def _chains(row: Mapping[str, Any]) -> tuple[Protein, ...]:
    """Return the chains of a row, in the frame of the ligand."""
    lengths, sequences = row["chain_lengths"], row["sequences"]
    stored = np.asarray(row["backbone"], dtype=np.int32)
    if stored.size != sum(lengths) * _ATOMS * 3 or [len(each) for each in sequences] != lengths:
        raise ParseError(f"{stored.size} coordinates for {sum(lengths)} residues")
    placed = stored.reshape(-1, _ATOMS, 3)[:, :3]
    backbone = np.where(placed == _MISSING, np.nan, placed / 100 + np.asarray(row["origin"])).astype(np.float32)
    parts = np.split(backbone, np.cumsum(lengths)[:-1])
    return tuple(
        Protein.from_backbone(part, sequence, row["complex_id"], chain)
        for part, sequence, chain in zip(parts, sequences, row["chains"], strict=True)
    )
