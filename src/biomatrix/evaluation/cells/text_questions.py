"""Annotation as a question in words: what a model of text reads of a cell, and how its answers are judged.

Each example knows the column that keeps its split apart; what is shown are symbols, so a stock model can be asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from biomatrix.evaluation.cells.labelled_cells import read_labelled_cells
from biomatrix.evaluation.cells.task_list import cell_task
from biomatrix.metrics.cells.annotation import annotation_scores
from biomatrix.metrics.scores import Scores
from biomatrix.tasks.benchmarks.examples import Example, Prediction

TEXT_TASKS: Final = Path(__file__).with_name("text_tasks.toml")
"""The definitions, for :func:`biomatrix.tasks.benchmarks.registry.load_benchmarks`."""


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example]:
    """Yield the cells of a split as examples: ``genes`` and ``types`` are shown, the type is the reference.

    Parameters
    ----------
    folder : Path
        Holds the ``.h5ad`` file.
    split : {"train", "test"}
    settings : mapping
        ``task``, the name of a task on cells, and ``top``, how many genes are shown.
    """
    task = cell_task(settings["task"])
    cells = read_labelled_cells(folder / Path(task.file).name, values=task.values, totals=task.totals)
    sides = task.sides(cells)
    chosen = np.flatnonzero(sides.train if split == "train" else sides.test)
    log = cells.log_values()
    symbols = cells.features if cells.symbols is None else cells.symbols
    types = ", ".join(sorted(set(cells.labels[sides.train].tolist())))
    for at in chosen.tolist():
        order = np.argsort(-log[at], kind="stable")[: int(settings["top"])]
        genes = " ".join(str(symbols[gene]) for gene in order if log[at, gene] > 0)
        yield Example(
            cells.names[at], {"genes": genes, "types": types}, (str(cells.labels[at]),),
            facts={"split_column": sides.column},
        )  # fmt: skip


def annotation(predictions: Sequence[Prediction], asked: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return accuracy, macro-F1, the share of "unknown" and the accuracy of the others; no answer is wrong."""
    if not asked:
        return {}
    return annotation_scores([each.references[0] for each in asked], [each.stated for each in predictions])
