"""Annotation with everything that stands beside it: majority, markers, linear models, shuffled labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.evaluation.baselines.cells.annotation import (
    LOG_PENALTY,
    Told,
    logistic_regression,
    majority,
    markers,
    shuffled,
)
from biomatrix.evaluation.baselines.cells.features import lsi, principal_components, rank_features
from biomatrix.evaluation.baselines.cells.peak_weights import tf_idf
from biomatrix.evaluation.cells.cell_ontology import Ancestors, ids_of_labels, scores_by_ontology
from biomatrix.evaluation.cells.labelled_cells import LabelledCells
from biomatrix.evaluation.cells.results import CellResult, Row
from biomatrix.evaluation.cells.split import Split
from biomatrix.evaluation.cells.task_list import CellTask
from biomatrix.metrics.cells.annotation import UNKNOWN, annotation_scores, risk_coverage

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOPS: Final = (50, 100, 200)
COMPONENTS: Final = 50
RISK: Final = 0.05
RELATED: Final = ("ancestor", "descendant", "related", "unrelated", "within_lineage")
Method = Callable[[LabelledCells, LabelledCells], Told]
"""Takes the training cells and the asked ones, of which it must not read the labels."""


@dataclass(frozen=True)
class Lineages:
    """Where the types of some cells stand in the Cell Ontology.

    Parameters
    ----------
    ids : mapping of str to str
        The id of each label.
    ancestors : mapping of str to frozenset of str
        As of :func:`~biomatrix.evaluation.cells.cell_ontology.read_ancestors`.
    """

    ids: Mapping[str, str]
    ancestors: Ancestors


def scores_of(
    truth: NDArray[np.str_], told: Told, broad: Mapping[str, str] | None = None, lineages: Lineages | None = None
) -> dict[str, float]:
    """Return what answers are worth.

    Accuracy, macro-F1, the share without an answer; of the curve of risk and coverage the area and the share of cells
    that can be told with 5% wrong; accuracy of broad types; shares of answers by what they are to the truth in the Cell
    Ontology. A cell that is told "unknown" comes last on the curve, however sure of it a method is.
    """
    found = {name: score.value for name, score in annotation_scores(truth, told.types).items()}
    del found["accuracy_of_told"]
    curve = risk_coverage(
        truth == told.types, np.where(told.types == UNKNOWN, told.certainty.min() - 1, told.certainty)
    )
    found |= {"aurc": curve.area, f"told_at_{RISK:.0%}": curve.coverage_at(RISK)}
    if broad:
        joined = [
            broad.get(str(one), one) == broad.get(str(other), other)
            for one, other in zip(truth, told.types, strict=True)
        ]
        found["broad"] = float(np.mean(joined))
    if lineages is not None:
        by_kind = scores_by_ontology(truth, told.types, lineages.ids, lineages.ancestors)
        found |= {name: by_kind[name].value for name in RELATED}
    return found


def annotation_result(
    task: CellTask,
    cells: LabelledCells,
    split: Split,
    marker_lists: Mapping[str, Sequence[str]] | None = None,
    models: Mapping[str, Method] | None = None,
    ancestors: Ancestors | None = None,
) -> CellResult:
    """Return the floors of a task, and the rows of models below them.

    Parameters
    ----------
    task : CellTask
    cells : LabelledCells
    split : Split
    marker_lists : mapping of str to sequence of str, optional
        The symbols of each type; no row of markers where not given.
    models : mapping of str to callable, optional
    ancestors : mapping of str to frozenset of str, optional
        The Cell Ontology: answers are also told apart by what they are to the truth, where the cells have ids.
    """
    truth, ids = cells.labels[split.test], ids_of_labels(cells)
    lineages = Lineages(ids, ancestors) if ids and ancestors else None
    told = dict(_peak_floors(cells, split) if task.features == "peaks" else _gene_floors(cells, split, marker_lists))
    rows = [
        Row(name, scores_of(truth, each, task.broad, lineages), "control" if name.startswith("shuffled") else "floor")
        for name, each in told.items()
    ]
    result = CellResult(task.name, split.column, int(split.train.sum()), len(truth), task.metric, tuple(rows))
    for name, method in (models or {}).items():
        each = method(cells.of(split.train), cells.of(split.test))
        result = result.with_model(name, scores_of(truth, each, task.broad, lineages))
    return result


def _gene_floors(
    cells: LabelledCells, split: Split, lists: Mapping[str, Sequence[str]] | None
) -> list[tuple[str, Told]]:
    labels, log = cells.labels[split.train], cells.log_values()
    found = [("majority", majority(labels, int(split.test.sum())))]
    if lists:
        found.append(("markers", markers(log[split.test], cells.features, lists)))
    reduced = principal_components(log, split.train, COMPONENTS)
    exact = principal_components(log, split.train, COMPONENTS, exact=True)
    features = [
        (f"LR on PCA{COMPONENTS}", reduced, 1.0),
        (f"LR on PCA{COMPONENTS}, exact", exact, 1.0),
        ("LR on log expression", log, LOG_PENALTY),
    ]
    features += [(f"LR on ranks top {top}", rank_features(log, top), 1.0) for top in TOPS]
    found += [(name, _fitted(values, labels, split, penalty)) for name, values, penalty in features]
    return [*found, ("shuffled labels", _fitted(reduced, shuffled(labels), split, 1.0))]


def _peak_floors(cells: LabelledCells, split: Split) -> list[tuple[str, Told]]:
    labels, weighted = cells.labels[split.train], tf_idf(cells.values, split.train)
    is_open = (cells.values > 0).astype(np.float64)
    features = [
        ("LR on LSI", lsi(weighted, split.train)), ("LR on TF-IDF", weighted), ("LR on binary", is_open),
    ]  # fmt: skip
    return [
        ("majority", majority(labels, int(split.test.sum()))),
        *((name, _fitted(values, labels, split, 1.0)) for name, values in features),
        ("shuffled labels", _fitted(weighted, shuffled(labels), split, 1.0)),
    ]


def _fitted(values: NDArray[np.float64], labels: NDArray[np.str_], split: Split, penalty: float) -> Told:
    return logistic_regression(values[split.train], labels, values[split.test], penalty)
