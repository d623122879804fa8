"""Chains of a table by their split, as examples of folding and inverse folding.

Settings: ``chains``, the path of the table; ``min_residues`` and ``max_residues``; ``benchmark``, an evaluation set
that the chains of the test split belong to, whatever the table's own split.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.rejects import Reject
from biomatrix.entities.tables import find_table, parquet_rows, read_table
from biomatrix.errors import ParseError
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.rows.split_files import of_split

_SPLITS: Final = {"train": "train", "validation": "valid", "test": "test"}


def chain_examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the chains of a split; those past the lengths are left out, as official evaluations do.

    Chains of any official evaluation set are never of the training split, nor are their clusters.
    """
    wanted = of_split(_SPLITS, split)
    path = official_file(folder, settings["chains"])
    _, table = find_table(path)
    held_out = _held_out(path)
    least, most = settings.get("min_residues", 1), settings.get("max_residues", 10**9)
    rows = parquet_rows(path, ("split", "cluster30", "n_residues"))
    for row, chain in zip(rows, read_table(path, table), strict=True):
        if row["split"] != wanted or not least <= row["n_residues"] <= most:
            continue
        if wanted != "test" and row["cluster30"] in held_out:
            continue
        yield chain if isinstance(chain, Reject) else backbone_example(chain)


def _held_out(path: Path) -> set[int]:
    rows = parquet_rows(path, ("split", "cluster30", "benchmark"))
    return {row["cluster30"] for row in rows if row["benchmark"] or row["split"] == "test"}


def backbone_example(chain: Entity) -> Example | Reject:
    """Return the example of a chain: its sequence and its backbone, each of which may be asked for."""
    sequence = getattr(chain, "sequence", "")
    if not chain.has_structure:
        return Reject.from_error(ParseError("the chain has no coordinates"), chain.name)
    return Example(
        chain.name,
        {"protein_sequence": chain, "protein_structure": chain},
        (sequence,),
        chain,
        {"residues": len(sequence)},
    )
