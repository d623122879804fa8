"""Hidden values of asked cells, filled in from the training cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from biomatrix.evaluation.baselines.cells import imputation
from biomatrix.evaluation.cells.labelled_cells import LabelledCells
from biomatrix.evaluation.cells.results import CellResult, Row
from biomatrix.evaluation.cells.split import Split
from biomatrix.evaluation.cells.task_list import CellTask
from biomatrix.metrics.cells.imputation import hidden_entries, imputation_scores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Filler = Callable[["NDArray[np.float64]", "NDArray[np.float64]"], "NDArray[np.float64]"]
"""Takes training cells and asked cells with hidden values at 0, returns values for all genes of the asked."""
SHARE = 0.2


def filling_result(
    task: CellTask, cells: LabelledCells, split: Split, models: Mapping[str, Filler] | None = None, seed: int = 0
) -> CellResult:
    """Return how well means, neighbours and components fill a fifth of the detected values, and models below them."""
    log = cells.log_values()
    train, asked = log[split.train], log[split.test].copy()
    at = hidden_entries(asked, SHARE, seed)
    true = asked[at].copy()
    asked[at] = 0.0
    rows = [
        Row(name, imputation_scores(true, fill(train, asked)[at]), "model" if name in (models or {}) else "floor")
        for name, fill in {**imputation.FILLERS, **(models or {})}.items()
    ]
    return CellResult(task.name, split.column, len(train), len(asked), task.metric, tuple(rows))
