"""Average precision, AUROC and precision at recall, against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from biomatrix.metrics.ranked_pairs import auprc_interval, ranked_pairs


@pytest.mark.parametrize("seed", range(5))
def test_they_are_scikit_learns_ties_included(seed: int) -> None:
    draw = np.random.default_rng(seed)
    truth, scores = draw.random(200) < 0.1, draw.integers(0, 12, 200).astype(float)
    found = ranked_pairs(truth, scores)
    assert found.auprc == pytest.approx(average_precision_score(truth, scores))
    assert found.auroc == pytest.approx(roc_auc_score(truth, scores))
    low, high = auprc_interval(truth, scores, draws=100)
    assert low <= found.auprc <= high


def test_pairs_without_a_score_come_last_together() -> None:
    truth = np.array([True, False, True, False, False])
    found = ranked_pairs(truth, np.array([-5.0, -6.0, math.nan, math.nan, -5.5]))
    assert found.auprc == pytest.approx(average_precision_score(truth, [5.0, 3.0, 0.0, 0.0, 4.0]))
    assert (found.missing, found.true_pairs, found.prevalence) == (2, 2, 0.4)
    assert found.precision_at_recall == 0.4


def test_nothing_to_find_has_no_figure() -> None:
    found = ranked_pairs(np.zeros(3, dtype=bool), np.arange(3.0))
    assert math.isnan(found.auprc)
    assert math.isnan(found.auroc)
