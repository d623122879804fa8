"""A choice among answers: probabilities that add up, and sets from a calibration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.generation import Model
from biomatrix.generation.choosing import choose
from biomatrix.trust import Abstention, calibrate_labels


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


def test_an_answer_with_a_calibration_of_labels_is_chosen_with_its_set(model: Model) -> None:
    labels = ("user", "fold")
    stated = choose(model, "Describe", labels).probabilities
    spread = [[p, 1 - p] for p in np.linspace(0.01, 0.99, 80)]
    strict = calibrate_labels([[1.0, 0.0]] * 40, [0] * 40, labels)
    lenient = calibrate_labels([[0.001, 0.999]] * 40, [0] * 40, labels)
    turned = calibrate_labels(spread, [0] * 20 + [1] * 20 + [0] * 20 + [1] * 20, labels, recalibration="platt")
    for made, said in (
        (strict, "no label is likely enough"),
        (lenient, "unsure: the truth may be any of"),
        (turned, "% set {"),
    ):
        (answer,) = model.generate("Describe", calibration=made)
        assert answer.label_probabilities == stated
        assert answer.text == answer.value == labels[int(np.argmax(made.probabilities([stated])))]
        assert answer.text == choose(model, "Describe", labels, calibration=made).label
        found = answer.confidence
        assert found.labels == made.label_set(stated)
        assert found.chance == made.probabilities([stated]).max()
        assert said in str(found)
        assert str(found).startswith(f"{answer.text}, 90% set {{")
        assert found.as_json()["chance"] == found.chance
        assert str(model.generate_batch(["Describe"], calibration=made)[0][0].confidence) == str(found)
    with pytest.raises(ConfigurationError, match="leave out num_samples"):
        model.generate("Describe", num_samples=2, calibration=strict)


def test_an_unsure_answer_is_unknown_with_the_reason(model: Model) -> None:
    labels = ("user", "fold")
    made = calibrate_labels([[p, 1 - p] for p in np.linspace(0.01, 0.99, 40)], [0, 1] * 20, labels)
    best = max(choose(model, "Describe", labels).probabilities)
    for least, held_back in ((best + 1e-6, True), (best - 1e-6, False)):
        strict = replace(made, abstention=Abstention(0.1, least, "probability"))
        (answer,) = model.generate("Describe", calibration=strict)
        assert (answer.confidence.abstained is not None) == held_back
        assert str(answer.confidence).startswith("unknown (") == held_back
        assert ("abstains: its probability" in answer.confidence.beside) == held_back
        assert choose(model, "Describe", labels, calibration=strict).confidence.abstained == answer.confidence.abstained
