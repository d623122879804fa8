"""Ids that are drawn first and judged then have the distribution of draws among the allowed ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import chisquare, kstest

from biomatrix.entities.automaton import Ranges, States
from biomatrix.entities.table_automaton import ranges_of
from biomatrix.errors import ConfigurationError
from biomatrix.generation.drawing import Masks, RowSettings, choose
from biomatrix.generation.judged_draws import Drawn, gumbel_noise
from biomatrix.generation.sampling import Sampling, random_stream

IDS = np.array([3, 4, 5, 9, 10, 11, 17, 30, 31, 40, 41, 42])
ALLOWED = np.array([5, 9, 17, 41])
ROWS = 12_000


class Few:
    """Allows a few ids of those that it draws from."""

    def __init__(self, allowed: NDArray[np.int64]) -> None:
        self._allowed = allowed

    def allowed(self, states: States) -> Sequence[Ranges]:
        return [ranges_of(self._allowed)] * len(states)

    def candidates(self, states: States) -> Sequence[Ranges]:
        return [ranges_of(IDS)] * len(states)

    def first_admitted(self, states: States, orders: NDArray[np.int64], *, owed: bool) -> NDArray[np.int64]:
        found = np.isin(orders, self._allowed)
        return np.where(found.any(axis=1), found.argmax(axis=1), -1)


def judged(
    sampling: Sampling, allowed: NDArray[np.int64] = ALLOWED, rows: int = ROWS, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.float64], torch.Tensor]:
    """Return what rows of one distribution draw under a guide of few ids, its log-probabilities, and the logits."""
    logits = 1.5 * torch.randn(len(IDS), generator=torch.Generator().manual_seed(4))
    scores = logits.repeat(rows, 1)
    settings = RowSettings.of([sampling] * rows)
    uniforms = np.random.default_rng(seed).random(rows)
    columns, logprobs = choose(scores, None, uniforms, settings)
    drawn = Drawn(columns, logprobs, scores, None, IDS, uniforms, settings)
    drawn.judge(slice(0, rows), Few(allowed), np.zeros((rows, 1)), owed=False)
    return drawn.columns, drawn.logprobs, logits.double()


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(0.6), Sampling(1.7), Sampling(1.0, 0.97)], ids=str)
def test_judged_draws_have_the_distribution_of_the_allowed_ids(sampling: Sampling) -> None:
    columns, logprobs, logits = judged(sampling)
    listed, _ = choose(
        logits.repeat(ROWS, 1),
        Masks(~torch.from_numpy(np.isin(IDS, ALLOWED))[None]),
        np.random.default_rng(7).random(ROWS),
        RowSettings.of([sampling] * ROWS),
    )
    weights = torch.softmax(logits / sampling.temperature, -1).numpy() * np.isin(IDS, ALLOWED)
    if sampling.top_p < 1.0:
        weights *= np.bincount(listed, minlength=len(IDS)) > 0
    expected = weights / weights.sum() * ROWS
    kept = expected > 0
    assert kept.sum() > 1
    counts = np.bincount(columns, minlength=len(IDS))
    assert not counts[~kept].any()
    assert chisquare(counts[kept], expected[kept]).pvalue > 1e-3
    np.testing.assert_allclose(logprobs, torch.log_softmax(logits, -1).numpy()[columns], atol=1e-6)


def test_a_greedy_row_takes_the_likeliest_allowed_id() -> None:
    columns, _, logits = judged(Sampling(greedy=True), rows=3)
    best = max(np.flatnonzero(np.isin(IDS, ALLOWED)), key=lambda column: float(logits[column]))
    assert columns.tolist() == [best] * 3


def test_of_equally_likely_ids_a_greedy_row_takes_the_smallest() -> None:
    scores, settings = torch.zeros((1, len(IDS))), RowSettings.of([Sampling(greedy=True)])
    columns, logprobs = choose(scores, None, np.zeros(1), settings)
    drawn = Drawn(columns, logprobs, scores, None, IDS, np.zeros(1), settings)
    drawn.judge(slice(0, 1), Few(ALLOWED), np.zeros((1, 1)), owed=False)
    assert IDS[drawn.columns].tolist() == [5]


def test_what_is_drawn_again_is_independent_of_the_first_draw_of_a_stream() -> None:
    """Draws of the same stream, step after step, after refusals: neither the value nor the next one is bound."""
    stream = random_stream(5, [1, 2], 0)
    uniforms = stream.random(20_000)
    noise = gumbel_noise(uniforms, IDS[:2])
    assert kstest(noise[:, 0], "gumbel_r").pvalue > 1e-3
    low = uniforms < 0.01  # where a refused draw fell
    assert kstest(noise[low, 1], "gumbel_r").pvalue > 1e-3
    assert abs(np.corrcoef(noise[:, 0], noise[:, 1])[0, 1]) < 0.03
    assert abs(np.corrcoef(noise[:, 0], uniforms)[0, 1]) < 0.03


def test_rows_are_judged_alike_in_any_batch() -> None:
    together = judged(Sampling(), rows=40)
    for rows in (1, 7):
        alone = judged(Sampling(), rows=rows)
        assert alone[0].tolist() == together[0][:rows].tolist()
        np.testing.assert_allclose(alone[1], together[1][:rows], rtol=1e-12)


def test_a_guide_that_admits_nothing_is_at_fault() -> None:
    with pytest.raises(ConfigurationError, match="admits nothing"):
        judged(Sampling(), np.empty(0, dtype=np.int64), rows=2)
