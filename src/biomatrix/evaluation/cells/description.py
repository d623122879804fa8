"""Cells and the descriptions of their types in the Cell Ontology: what is aligned, and what only looks so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.evaluation.baselines.cells.alignment import random_map, ridge_map
from biomatrix.evaluation.baselines.cells.annotation import shuffled
from biomatrix.evaluation.baselines.cells.features import principal_components
from biomatrix.evaluation.cells.labelled_cells import LabelledCells
from biomatrix.evaluation.cells.results import CellResult, Row
from biomatrix.evaluation.cells.split import Split
from biomatrix.evaluation.cells.task_list import CellTask
from biomatrix.metrics.cells.type_retrieval import type_retrieval

if TYPE_CHECKING:
    from numpy.typing import NDArray

COMPONENTS = 50


def description_result(
    task: CellTask, cells: LabelledCells, split: Split, texts: Mapping[str, NDArray[np.float64]], seed: int = 0
) -> CellResult:
    """Return recall of types by a linear map, and by what must fail or shows that nothing was read.

    Random vectors in place of the texts do as well on types that were seen: that recall is classification. Types that
    were left out of training tell whether the texts are read.

    Parameters
    ----------
    task : CellTask
    cells : LabelledCells
    split : Split
    texts : mapping of str to ndarray, shape=(d,)
        A vector of each type of the cells.
    seed : int
    """
    names = np.array(sorted(set(cells.labels.tolist())))
    table = np.stack([texts[str(name)] for name in names])
    places = {str(name): at for at, name in enumerate(names)}
    features = principal_components(cells.log_values(), split.train, COMPONENTS)
    known, asked = features[split.train], features[split.test]
    labels, truth = cells.labels[split.train], cells.labels[split.test]

    def taught(vectors: NDArray[np.float64], told: NDArray[np.str_]) -> dict[str, float]:
        targets = vectors[[places[str(label)] for label in told]]
        return type_retrieval(ridge_map(known, targets, asked), truth, vectors, names)

    noise = np.random.default_rng(seed).normal(size=table.shape)
    rows = (
        Row("random projection", type_retrieval(random_map(asked, table.shape[1], seed), truth, table, names)),
        Row("shuffled pairs", taught(table, shuffled(labels, seed)), "control"),
        Row("ridge regression", taught(table, labels)),
        Row("random vectors for texts", taught(noise, labels), "control"),
        Row("ridge, type left out", _left_out(known, labels, asked, truth, table, names)),
    )
    return CellResult(task.name, split.column, len(known), len(asked), task.metric, rows)


def _left_out(
    known: NDArray[np.float64],
    labels: NDArray[np.str_],
    asked: NDArray[np.float64],
    truth: NDArray[np.str_],
    table: NDArray[np.float64],
    names: NDArray[np.str_],
) -> dict[str, float]:
    """Return the recall of each type by a map that never saw it, ranked among all types, over all test cells."""
    right = []
    for name in np.unique(truth):
        seen, these = labels != name, truth == name
        targets = table[np.searchsorted(names, labels[seen])]
        told = type_retrieval(ridge_map(known[seen], targets, asked[these]), truth[these], table, names)
        right += [told["recall_1"]] * int(these.sum())
    return {"recall_1": float(np.mean(right))}
