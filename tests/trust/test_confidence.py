"""What a user reads of an answer: one line, with the reasons to doubt it."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.entities.check import Check
from biomatrix.errors import ConfigurationError
from biomatrix.trust import Confidence, Interval, Likelihood, Verdict, agreement
from biomatrix.trust.likelihood import percent, unit_logprobs

SURE = Likelihood.of([-0.01, -0.02])
CHECKS = Verdict(tuple(Check(name, name != "clashes") for name in ("valence", "rings", "clashes", "bonds")))


def test_a_calibrated_number_is_said_with_its_interval() -> None:
    line = str(Confidence("2.31 log mol/L", SURE, interval=Interval(1.2, 3.4, 0.9, 113), verdict=CHECKS))
    assert line == (
        "2.31 log mol/L, 90% interval 1.2 to 3.4 (calibrated on 113 records); 3 of 4 checks passed; doubt: clashes"
    )


def test_without_a_calibration_it_says_so() -> None:
    found = Confidence("CCO", SURE, agreement(["x", "x", "y", "x"]), 0)
    assert not found.is_calibrated
    assert str(found).startswith("CCO, not calibrated (probability 0.99 a token")
    assert str(found).endswith("; 3 of 4 samples agree")
    assert not found.doubts


def test_samples_that_differ_are_a_reason_to_doubt() -> None:
    found = Confidence("CCO", Likelihood.of([-3.0]), agreement(list("abcd")), 2)
    assert found.doubts == ("1 of 4 samples agree", "unsure of its tokens")
    assert str(found).count("samples agree") == 1


def test_a_set_of_labels_is_a_doubt_unless_it_holds_one() -> None:
    one = Confidence("yes", SURE, labels=("yes",), coverage=0.9)
    both = Confidence("yes", SURE, labels=("yes", "no"), coverage=0.9)
    none = Confidence("yes", SURE, labels=(), coverage=0.9)
    assert (str(one), one.doubts) == ("yes, 90% set {yes}", ())
    assert both.doubts == ("unsure: the truth may be any of yes, no",)
    assert none.doubts == ("no label is likely enough",)


def test_a_long_answer_stays_on_one_line() -> None:
    line = str(Confidence("a\nb " + "c" * 500, SURE))
    assert "\n" not in line
    assert len(line) < 200


def test_plain_values_hold_what_the_line_is_made_of() -> None:
    found = Confidence("1", SURE, interval=Interval(0.0, 2.0, 0.9, 20), coverage=0.9).as_json()
    assert (found["interval"], found["coverage"], found["calibrated"]) == ([0.0, 2.0], 0.9, True)


def test_likelihoods_add_up_and_perplexity_is_of_the_mean() -> None:
    found = Likelihood.of([-1.0, -3.0])
    assert (found.logprob, found.mean, found.lowest) == (-4.0, -2.0, -3.0)
    assert found.perplexity == pytest.approx(np.exp(2))
    assert Likelihood.of([]).perplexity == 1


def test_residues_and_atoms_take_the_log_probabilities_of_their_tokens() -> None:
    units = [(0,), (), (1, 2), (2,)]
    found = unit_logprobs([-1.0, -9.0, -0.5, -0.25], units, 4)
    assert found[:3].tolist() == [-1.0, -0.5, -0.75]
    assert np.isnan(found[3])
    assert percent([0.0, -np.inf]).tolist() == [100.0, 0.0]
    with pytest.raises(ConfigurationError, match="one for each"):
        unit_logprobs([-1.0], units, 4)
