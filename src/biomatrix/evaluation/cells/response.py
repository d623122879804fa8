"""The response of a type that was never seen perturbed, beside the means that answer it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.evaluation.baselines.cells.perturbation import PREDICTORS, UnseenType
from biomatrix.evaluation.cells.labelled_cells import LabelledCells
from biomatrix.evaluation.cells.results import CellResult, Row
from biomatrix.evaluation.cells.split import Split
from biomatrix.evaluation.cells.task_list import CellTask
from biomatrix.metrics.cells.perturbation import discrimination_score, mean_response_scores, response_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROLES = {"same type, other donor": "ceiling", "genes permuted": "control"}
Predictor = Callable[[UnseenType], "NDArray[np.float64]"]


def unseen_types(
    cells: LabelledCells, split: Split, condition: str = "condition", control: str = "ctrl", perturbed: str = "stim"
) -> dict[str, tuple[UnseenType, NDArray[np.float64]]]:
    """Return for each type what may be known of it, and its true mean profile when perturbed."""
    log, state = cells.log_values(), cells.columns[condition]
    types = [str(name) for name in np.unique(cells.labels)]

    def profile(name: str, side: NDArray[np.bool_], which: str) -> NDArray[np.float64]:
        return np.asarray(log[(cells.labels == name) & side & (state == which)].mean(axis=0))

    before = {name: profile(name, split.train, control) for name in types}
    after = {name: profile(name, split.train, perturbed) for name in types}
    found = {}
    for name in types:
        asked = UnseenType(
            name, profile(name, split.test, control),
            {other: before[other] for other in types if other != name},
            {other: after[other] for other in types if other != name},
            before[name], after[name],
        )  # fmt: skip
        found[name] = asked, profile(name, split.test, perturbed)
    return found


def response_result(
    task: CellTask, cells: LabelledCells, split: Split, models: Mapping[str, Predictor] | None = None
) -> CellResult:
    """Return the means that any model must beat, and the rows of models below them."""
    asked = unseen_types(cells, split)
    rows = []
    for name, predict in {**PREDICTORS, **(models or {})}.items():
        role = "model" if name in (models or {}) else _ROLES.get(name, "floor")
        rows.append(Row(name, _mean_scores(asked, predict), role))  # type: ignore[arg-type]
    return CellResult(task.name, split.column, int(split.train.sum()), int(split.test.sum()), task.metric, tuple(rows))


def _mean_scores(asked: Mapping[str, tuple[UnseenType, NDArray[np.float64]]], predict: Predictor) -> dict[str, float]:
    told = {name: predict(one) for name, (one, _) in asked.items()}
    each = {name: response_scores(told[name], true, one.control) for name, (one, true) in asked.items()}
    predicted = np.stack([told[name] - one.control for name, (one, _) in asked.items()])
    true_changes = np.stack([true - one.control for one, true in asked.values()])
    mean = mean_response_scores(each)
    return {**mean, "discrimination": float(discrimination_score(predicted, true_changes).mean())}
