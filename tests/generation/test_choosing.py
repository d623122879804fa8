"""A choice among answers: probabilities that add up, and sets from a calibration."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.generation import Model
from biomatrix.generation.choosing import choose
from biomatrix.trust import calibrate_labels


def test_probabilities_are_those_of_the_likelihoods(model: Model) -> None:
    found = choose(model, "Describe the molecule.", ("user", "system", "fold"))
    scores = [model.score("Describe the molecule.", label).logprob for label in found.labels]
    assert sum(found.probabilities) == pytest.approx(1)
    assert np.log(found.probabilities[0] / found.probabilities[1]) == pytest.approx(scores[0] - scores[1], abs=1e-6)
    assert found.label == found.labels[int(np.argmax(scores))]
    assert "not calibrated" in str(found.confidence)


def test_a_calibration_gives_a_set_and_mends_probabilities(model: Model) -> None:
    stated = np.random.default_rng(0).dirichlet([1, 1], size=400)
    truths = (np.random.default_rng(1).uniform(size=400) < 0.5).astype(int).tolist()
    made = calibrate_labels(stated, truths, ("user", "fold"), recalibration="platt", coverage=0.9)
    found = choose(model, "Describe", ("user", "fold"), calibration=made)
    assert found.confidence.labels == made.label_set(choose(model, "Describe", ("user", "fold")).probabilities)
    assert max(found.probabilities) < 0.7
    with pytest.raises(ConfigurationError, match="the question of a, b"):
        choose(model, "Describe", ("a", "b"), calibration=made)


def test_answers_that_overlap_are_no_choice(model: Model) -> None:
    with pytest.raises(ConfigurationError, match="begins with"):
        choose(model, "Describe", ("no", "none"))
    with pytest.raises(ConfigurationError, match="twice"):
        choose(model, "Describe", ("no", "no"))
    with pytest.raises(ConfigurationError, match="at least two"):
        choose(model, "Describe", ("no",))
