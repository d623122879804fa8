"""Annotation as a question in words: what a model of text reads of a cell, and how its answers are judged.

Each example knows the column that keeps its split apart; what is shown are symbols, so a stock model can be asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.cells.cell_ontology import ids_of_labels, read_definitions
from biomatrix.evaluation.cells.labelled_cells import LabelledCells, read_labelled_cells
from biomatrix.evaluation.cells.task_list import cell_task
from biomatrix.metrics.cells.annotation import annotation_scores
from biomatrix.metrics.scores import Scores
from biomatrix.tasks.benchmarks.examples import Example, Prediction

TEXT_TASKS: Final = Path(__file__).with_name("text_tasks.toml")
"""The definitions, for :func:`biomatrix.tasks.benchmarks.registry.load_benchmarks`."""


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example]:
    """Yield the cells of a split as examples: ``genes`` and ``types`` are shown, the type is the reference.

    The column that keeps the sides apart and the cell's value there, such as its donor, are facts of each example.

    Parameters
    ----------
    folder : Path
        Holds the ``.h5ad`` file.
    split : {"train", "test"}
    settings : mapping
        ``task``, the name of a task on cells; ``top``, how many genes are shown; ``answer``, ``type`` where not given,
        or ``definition``: what the Cell Ontology says of the type, which lies beside the folder.
    """
    task = cell_task(settings["task"])
    cells = read_labelled_cells(folder / Path(task.file).name, values=task.values, totals=task.totals)
    sides = task.sides(cells)
    chosen = np.flatnonzero(sides.train if split == "train" else sides.test)
    log = cells.log_values()
    symbols = cells.features if cells.symbols is None else cells.symbols
    groups = cells.columns[sides.column]
    answers = _answers(cells, folder, settings.get("answer", "type"))
    types = ", ".join(sorted(set(cells.labels[sides.train].tolist())))
    for at in chosen.tolist():
        order = np.argsort(-log[at], kind="stable")[: int(settings["top"])]
        genes = " ".join(str(symbols[gene]) for gene in order if log[at, gene] > 0)
        yield Example(
            cells.names[at], {"genes": genes, "types": types}, (answers[str(cells.labels[at])],),
            facts={"split_column": sides.column, "group": str(groups[at])},
        )  # fmt: skip


def _answers(cells: LabelledCells, folder: Path, answer: str) -> Mapping[str, str]:
    """Return the answer to a cell of each type."""
    types = {str(label): str(label) for label in cells.labels}
    if answer == "type":
        return types
    if answer != "definition":
        raise ConfigurationError(f"no answer {answer!r} to a cell; there are type, definition")
    ids, told = ids_of_labels(cells), read_definitions(folder.parent)
    missing = next((label for label in types if ids.get(label) not in told), None)
    if missing is not None:
        raise ConfigurationError(f"the ontology defines no type {missing!r}", file=str(folder))
    return {label: told[ids[label]] for label in types}


def annotation(predictions: Sequence[Prediction], asked: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return accuracy, macro-F1, the share of "unknown" and the accuracy of the others; no answer is wrong."""
    if not asked:
        return {}
    return annotation_scores([each.references[0] for each in asked], [each.stated for each in predictions])
