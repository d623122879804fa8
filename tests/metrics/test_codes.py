"""Codes as symbols: what follows what, and what is replaced."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.metrics.codes import BigramModel, CodeUse, replaced


def test_bigrams_follow_what_was_seen() -> None:
    chain = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, -1, 3], dtype=np.int16)
    model, generator = BigramModel([chain], 4), np.random.default_rng(0)
    assert {model.sample(0, generator) for _ in range(20)} == {1}
    assert {model.sample(2, generator) for _ in range(20)} == {0}  # the step to 3 is over an unresolved residue
    assert {model.sample(3, generator) for _ in range(100)} == {0, 1, 2, 3}
    once = BigramModel([np.arange(4, dtype=np.int16)], 4)
    assert {once.sample(0, generator) for _ in range(100)} == {0, 1, 2, 3}  # what was seen once says nothing
    noisy = replaced(chain, 1.0, model, generator)
    np.testing.assert_array_equal(noisy[[0, 9]], [0, -1])
    np.testing.assert_array_equal(replaced(chain, 0.0, model, generator), chain)
    with pytest.raises(ConfigurationError):
        replaced(chain, 1.5, model, generator)


@pytest.mark.parametrize("used", [1, 5, 64])
def test_codes_of_equal_frequency_have_their_number_as_perplexity(used: int) -> None:
    counts = np.zeros(64, dtype=np.int64)
    counts[:used] = 7
    use = CodeUse.of(counts)
    assert (use.used, use.num_codes, use.total) == (used, 64, 7 * used)
    assert use.perplexity == pytest.approx(used)


def test_no_codes_have_no_perplexity() -> None:
    assert np.isnan(CodeUse.of(np.zeros(4, dtype=np.int64)).perplexity)
    with pytest.raises(ConfigurationError, match="at least one code"):
        BigramModel([np.full(3, -1, dtype=np.int16)], 4)
