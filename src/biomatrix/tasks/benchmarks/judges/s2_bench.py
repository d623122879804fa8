"""The judge of S2-Bench: success, and success weighted by similarity or by novelty against ZINC-250k."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from biomatrix.errors import BioMatrixError
from biomatrix.metrics.s2_bench.scores import KnownMolecules, subtask_scores
from biomatrix.metrics.s2_bench.success import CUSTOMISED
from biomatrix.metrics.scores import Score, Scores
from biomatrix.tasks.benchmarks.examples import FOLDER, Example, Prediction
from biomatrix.tasks.benchmarks.official_files.row_files import read_rows

KNOWN_FILES: Final = ("zinc250k.parquet", "zinc250k.csv")
"""What novelty is measured against, with a column ``smiles``: beside the folders of the sub-tasks, or one folder up."""

WITHOUT_KNOWN: Final = (
    f"needs ZINC-250k: put {' or '.join(KNOWN_FILES)}, with a column smiles, beside the folders MolEdit, MolCustom and "
    "MolOpt, or one folder up"
)


def success(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return ``sr``, ``validity``, ``wsr`` and what weights it; ``wsr`` is no number where ZINC-250k is not there."""
    subtask = str(settings["task"]).rpartition("/")[2]
    path = _known_file(examples) if subtask in CUSTOMISED else None
    known = None if path is None else known_molecules(path)
    rows = [example.facts["row"] for example in examples]
    scores = subtask_scores(subtask, rows, [each.stated for each in predictions], known)
    if "wsr" in scores:
        return scores
    rate = scores["sr"]
    return {**scores, "wsr": Score(float("nan"), rate.n, rate.empty, rate.unparsable, reason=WITHOUT_KNOWN)}


def _known_file(examples: Sequence[Example]) -> Path | None:
    folder = next((Path(example.facts[FOLDER]) for example in examples if FOLDER in example.facts), None)
    if folder is None:
        return None
    places = (place / name for place in (folder, folder.parent) for name in KNOWN_FILES)
    return next((path for path in places if path.is_file()), None)


@lru_cache(maxsize=1)
def known_molecules(path: Path) -> KnownMolecules:
    """Return the molecules of a file; rows that cannot be read are left out."""
    return KnownMolecules(str(row.get("smiles", "")) for row in read_rows(path) if not isinstance(row, BioMatrixError))
