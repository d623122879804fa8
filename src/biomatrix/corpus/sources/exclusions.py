"""Test sets that nothing is trained on: molecules by graph, proteins by shared stretches of sequence."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from rdkit.rdBase import BlockLogs

from biomatrix.corpus.sources.tables import parquet_rows
from biomatrix.corpus.sources.text_tables import csv_rows, fasta_rows
from biomatrix.entities.molecule.identity import graph_key
from biomatrix.entities.protein.files.chain_table import EXAMPLE_IDS
from biomatrix.errors import ParseError

log = logging.getLogger(__name__)

STRETCH = 20
"""Two proteins that share this many consecutive residues count as related."""

CAPTION_TEST_FILES = (("molecule/chebi20/test.txt.gz", "SMILES"),)
"""Kept out of every source: test questions ask for their molecules by name and description."""
SPLIT_TEST_FILES = tuple(
    (f"molecule/moleculenet_splits/{name}_{part}.csv.gz", "smiles")
    for name in ("bbbp", "tox21", "hiv")
    for part in ("validation", "test")
)
"""Kept out of the tables they are splits of."""
PROTEIN_TEST_FILES = (
    "protein/localization/deeploc_test_set.fasta.gz",
    "protein/localization/setHARD.fasta.gz",
)
PROTEIN_TEST_TABLES = (
    "protein/localization/peer_subcellular_localization_test.parquet",
    "protein/localization/peer_subcellular_localization_2_test.parquet",
)
CHAINS = "protein/structures/chains.parquet"
PROTEIN_EXCLUSIONS = (CHAINS, *PROTEIN_TEST_FILES, *PROTEIN_TEST_TABLES)
"""Every file that says which protein sequences are held out."""


def _smiles(root: Path, files: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for name, column in files:
        path = root / name
        if not path.is_file():
            log.warning("%s: no such file, so its test molecules cannot be left out of training", path)
        else:
            tab = name.endswith(".txt.gz")
            for row in csv_rows(path, "\t" if tab else ",", quotes=not tab):
                yield row[column]


@cache
def excluded_molecules(root: Path, splits: bool = False) -> frozenset[str]:
    """Return the graph keys of test molecules under ``root``; with ``splits``, of published splits too."""
    keys = set()
    with BlockLogs():
        for smiles in _smiles(root, CAPTION_TEST_FILES + (SPLIT_TEST_FILES if splits else ())):
            try:
                keys.add(graph_key(smiles))
            except ParseError:
                continue  # a test molecule RDKit cannot read cannot be matched by a training one either
    return frozenset(keys)


def stretches(sequence: str) -> Iterable[str]:
    """Return every stretch of `STRETCH` consecutive residues."""
    return (sequence[start : start + STRETCH] for start in range(len(sequence) - STRETCH + 1))


@cache
def held_out_clusters(root: Path) -> frozenset[int]:
    """Return the 30 % identity clusters that hold a validation, test, benchmark or example chain."""
    return frozenset(
        row["cluster30"]
        for row in parquet_rows(root / CHAINS, ("id", "cluster30", "split", "benchmark"))
        if row["split"] != "train" or row["benchmark"] or row["id"] in EXAMPLE_IDS
    )


@cache
def excluded_stretches(root: Path) -> frozenset[str]:
    """Return every 20-residue stretch of a held-out chain or a published protein test set under ``root``."""
    excluded: set[str] = set()
    clusters = held_out_clusters(root)
    for row in parquet_rows(root / CHAINS, ("sequence", "cluster30")):
        if row["cluster30"] in clusters:
            excluded.update(stretches(row["sequence"]))
    for name in PROTEIN_TEST_FILES:
        for _, sequence in fasta_rows(root / name):
            excluded.update(stretches(sequence))
    for name in PROTEIN_TEST_TABLES:
        for row in parquet_rows(root / name, ("primary",)):
            excluded.update(stretches(row["primary"]))
    return frozenset(excluded)


def resembles_held_out(sequence: str, root: Path) -> bool:
    """Return whether a sequence shares a 20-residue stretch with a held-out chain or test protein."""
    known = excluded_stretches(root)
    return any(piece in known for piece in stretches(sequence))
