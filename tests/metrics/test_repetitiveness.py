"""Repeats in sequences, against the plain search from every place."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomatrix.metrics.repetitiveness import repeated_ngrams, repeated_share, repetitiveness


def plainly(sequence: str) -> float:
    covered: set[int] = set()
    for unit in range(1, min(20, len(sequence) // 2) + 1):
        for start in range(len(sequence) - unit + 1):
            count = 1
            while sequence[start + count * unit : start + (count + 1) * unit] == sequence[start : start + unit]:
                count += 1
            if count >= 3:
                covered |= set(range(start, start + count * unit))
    return len(covered) / len(sequence) if sequence else 0.0


@settings(max_examples=150, deadline=None)
@given(st.text("AGS", max_size=60))
def test_it_equals_the_search_from_every_place(sequence: str) -> None:
    assert repeated_share(sequence) == pytest.approx(plainly(sequence))


@given(st.text("ACDEFGHIKLMNPQRSTVWY", min_size=1, max_size=80))
def test_shares_are_shares_and_a_repeat_of_all_is_all(sequence: str) -> None:
    assert 0.0 <= repeated_share(sequence) <= 1.0
    assert 0.0 <= repeated_ngrams(sequence, 2) < 1.0
    if len(sequence) <= 20:
        assert repeated_share(sequence * 3) == 1.0


def test_order_changes_no_mean_an_empty_sequence_counts_nothing_and_none_is_undefined() -> None:
    first, second = repetitiveness(["AAAA", "", "MKV"]), repetitiveness(["MKV", "AAAA", ""])
    assert first["rep"].value == second["rep"].value == pytest.approx(1 / 3)
    assert first["rep"].empty == 1
    assert math.isnan(repetitiveness([])["rep"].value)
