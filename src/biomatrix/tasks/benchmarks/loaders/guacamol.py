"""GuacaMol: ``guacamol_v1_SPLIT.smiles``, one SMILES a line, for train, valid and test.

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
    "files": {
        "train": "guacamol_v1_train.smiles",
        "validation": "guacamol_v1_valid.smiles",
        "test": "guacamol_v1_test.smiles",
    }
}


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield an example for each molecule to be drawn; those of ``train`` have one as reference."""
    yield from drawn_examples(folder, split, {**_OFFICIAL, **settings})
