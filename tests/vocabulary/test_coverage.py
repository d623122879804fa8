"""The smallest frequency-ordered prefix that covers more than the wanted share."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biomatrix.errors import ConfigurationError
from biomatrix.vocabulary import count_tokens, coverage_of, joint_tokens

COUNTS = st.dictionaries(st.text("ABCab 019", min_size=1, max_size=4), st.integers(0, 50), max_size=30)


@given(counts=COUNTS, percent=st.integers(0, 99))
def test_it_is_the_smallest_prefix_that_exceeds_the_share(counts: dict[str, int], percent: int) -> None:
    kept = joint_tokens(counts, percent / 100)
    total, covered = sum(counts.values()), sum(counts[token] for token in kept)
    if total:
        assert Fraction(covered, total) > Fraction(percent, 100)
        assert Fraction(covered - counts[kept[-1]], total) <= Fraction(percent, 100)
    else:
        assert kept == []
    left = [count for token, count in counts.items() if token not in kept]
    assert all(counts[token] >= max(left, default=0) for token in kept)


@given(counts=COUNTS, seed=st.integers(0, 99))
def test_the_order_of_the_corpus_does_not_matter(counts: dict[str, int], seed: int) -> None:
    items = list(counts.items())
    random.Random(seed).shuffle(items)
    assert joint_tokens(dict(items)) == joint_tokens(counts)


def test_exactly_the_share_is_not_more_than_it() -> None:
    assert joint_tokens({"a": 99, "b": 1}, 0.99) == ["a", "b"]
    assert joint_tokens({"a": 100, "b": 1}, 0.99) == ["a"]


def test_ties_go_in_order_of_spelling() -> None:
    counts = {"[C 2]": 5, "[C 1]": 5, "[N 0]": 5, "[C 10]": 5}
    assert joint_tokens(counts, 0.6) == ["[C 10]", "[C 1]", "[C 2]"]


def test_all_of_it() -> None:
    assert joint_tokens({"a": 3, "b": 1, "c": 0}, 1) == ["a", "b"]


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_shares_are_shares(share: float) -> None:
    with pytest.raises(ConfigurationError, match="between 0 and 1"):
        joint_tokens({"a": 1}, share)


def test_counts_of_parts_add_up() -> None:
    corpus = [["a", "b"], ["a"], ["c", "a"]]
    assert count_tokens(corpus) == count_tokens(corpus[:1]) + count_tokens(corpus[1:]) == Counter(a=3, b=1, c=1)


def test_coverage_counts_tokens_and_whole_sequences() -> None:
    found = coverage_of(["a", "b"], [["a", "b"], ["a", "c"], []])
    assert (found.tokens, found.occurrences, found.covered) == (2, 4, 3)
    assert (found.sequences, found.sequences_covered) == (3, 2)
    assert found.share == 0.75
    assert found.sequence_share == pytest.approx(2 / 3)
