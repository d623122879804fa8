"""MOSES: ``data/dataset_v1.csv``, whose column ``SPLIT`` is train, test or test_scaffolds.

Settings: those of :class:`biomatrix.tasks.benchmarks.rows.molecule_lists.MoleculeLists`, and ``samples``, how many are
drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.rejects import Reject
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.rows.molecule_lists import drawn_examples

_OFFICIAL: Final = {
    "file": "data/dataset_v1.csv",
    "column": "SMILES",
    "split_column": "SPLIT",
    "splits": {"train": ["train"], "test": ["test"], "test_scaffolds": ["test_scaffolds"]},
}


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield an example for each molecule to be drawn; those of ``train`` have one as reference."""
    yield from drawn_examples(folder, split, {**_OFFICIAL, **settings})
