"""Signatures estimate similarity, bands let similar ones meet, windows equal where their content does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomatrix.corpus.deduplication.signatures import agreement, band_keys, bands_of, signature
from biomatrix.corpus.windows import letter_windows, plain_words, word_windows

pytest.importorskip("datasketch", reason="the extra deduplication is not installed")


def pair(rng: np.random.Generator, similarity: float, size: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of hashes of a Jaccard similarity."""
    shared = round(2 * size * similarity / (1 + similarity))
    values = rng.integers(0, 2**63, 2 * size - shared, dtype=np.uint64)
    return values[:size], values[size - shared :]


@pytest.mark.parametrize("similarity", [0.2, 0.5, 0.8, 0.95])
def test_signatures_estimate_similarity(similarity: float) -> None:
    rng = np.random.default_rng(4)
    found = [agreement(*(signature(one, 128) for one in pair(rng, similarity))) for _ in range(30)]
    assert abs(np.mean(found) - similarity) < 4 * np.sqrt(similarity * (1 - similarity) / 128 / 30)


def test_pairs_at_the_threshold_meet() -> None:
    rng = np.random.default_rng(5)
    bands = bands_of(0.8, 128)
    met = 0
    for _ in range(200):
        first, second = (band_keys(signature(one, 128), bands) for one in pair(rng, 0.8))
        met += bool((first == second).any())
    assert met >= 190


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="abc ", max_size=60), st.integers(1, 5))
def test_windows_are_equal_where_their_words_are(text: str, size: int) -> None:
    words = plain_words(text)
    runs = [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]
    hashes = word_windows(words, size).tolist()
    assert len(hashes) == len(runs)
    assert len(set(hashes)) == len(set(runs))
    letters = [text[start : start + size] for start in range(len(text) - size + 1)]
    assert len(set(letter_windows(text, size).tolist())) == len(set(letters))


def test_a_window_does_not_depend_on_where_it_stands() -> None:
    first, second = letter_windows("ACDEFGHIKL", 4), letter_windows("YYYACDEFGHIKL", 4)
    assert (first == second[3:]).all()
    long = "A" * 70_000 + "ACDEFGHIKL"
    assert (letter_windows(long, 10)[-1:] == letter_windows("ACDEFGHIKL", 10)).all()
