"""Integration of batches, beside components as they are, batch means taken off, and noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.evaluation.baselines.cells.features import principal_components, rank_features, without_batch_means
from biomatrix.evaluation.cells.labelled_cells import LabelledCells
from biomatrix.evaluation.cells.results import CellResult, Row
from biomatrix.evaluation.cells.task_list import CellTask
from biomatrix.metrics.cells.clustering import Graph
from biomatrix.metrics.cells.integration import integration_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

COMPONENTS = 30


def integration_result(
    task: CellTask,
    cells: LabelledCells,
    embeddings: Mapping[str, NDArray[np.float64]] | None = None,
    graph: Graph = "umap",
    seed: int = 0,
) -> CellResult:
    """Return scIB's parts of the floors, and of embeddings below them.

    Nothing is held out: the cells of all batches are embedded together, and no label is used.

    Parameters
    ----------
    task : CellTask
    cells : LabelledCells
    embeddings : mapping of str to ndarray, shape=(C, d), optional
    graph : {"umap", "shared"}
        That is clustered.
    seed : int
    """
    batches = cells.columns[task.split]
    found = floor_vectors(cells, batches, seed)
    rows = [
        Row(
            name,
            integration_scores(vectors, cells.labels, batches, found["PCA30"], graph=graph, seed=seed),
            "model" if name in (embeddings or {}) else "control" if name.startswith("random") else "floor",
        )
        for name, vectors in {**found, **(embeddings or {})}.items()
    ]
    return CellResult(task.name, task.split, len(cells), len(cells), task.metric, tuple(rows))


def floor_vectors(cells: LabelledCells, batches: NDArray[np.str_], seed: int = 0) -> dict[str, NDArray[np.float64]]:
    """Return components of log expression as they are and with batch means removed, ranks, and noise."""
    log = cells.log_values()
    plain = principal_components(log, np.ones(len(cells), dtype=bool), COMPONENTS, whiten=False)
    return {
        "PCA30": plain,
        "PCA30, batch means removed": without_batch_means(plain, batches),
        "ranks top 200": rank_features(log, 200),
        "random vectors": np.random.default_rng(seed).normal(size=(len(cells), COMPONENTS)),
    }
