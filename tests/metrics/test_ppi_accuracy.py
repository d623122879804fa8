"""Accuracy on protein pairs: what is neither label is wrong, and counted."""

from __future__ import annotations

import math

import pytest

from biomatrix.metrics.ppi_accuracy import ppi_accuracy


def test_an_answer_that_is_neither_label_is_wrong_and_counted() -> None:
    found = ppi_accuracy([1, None, 0, None], [1, 1, 1, 0], empty=1)["accuracy"]
    assert (found.value, found.n, found.empty, found.unparsable, found.denominator) == (0.25, 4, 1, 1, 4)


def test_order_and_duplicates_change_nothing() -> None:
    first = ppi_accuracy([1, 0, 1, 1], [1, 0, 0, 1])
    for other in (ppi_accuracy([1, 1, 0, 1], [1, 0, 0, 1]), ppi_accuracy([1, 0, 1, 1] * 3, [1, 0, 0, 1] * 3)):
        assert {name: score.value for name, score in other.items()} == pytest.approx(
            {name: score.value for name, score in first.items()}
        )


def test_one_label_alone_has_no_correlation_and_nothing_has_no_accuracy() -> None:
    assert math.isnan(ppi_accuracy([1, 1], [1, 0])["mcc"].value)
    assert math.isnan(ppi_accuracy([], [])["accuracy"].value)
    assert ppi_accuracy([None], [1])["accuracy"].value == 0.0


def test_numbers_must_agree() -> None:
    with pytest.raises(ValueError, match="one for each"):
        ppi_accuracy([1], [])
