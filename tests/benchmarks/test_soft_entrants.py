"""Entrants of a comparison see the same examples in the same batches; kept runs are found by what they depend on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biomatrix.soft.tuning.judging import exchanged
from biomatrix.training.batches import BatchStream

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def entrants(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from soft_entrants import entrants, kept

    yield entrants, kept
    for name in [name for name in sys.modules if name.partition(".")[0] == "soft_entrants"]:
        del sys.modules[name]


class Numbered:
    """Documents whose ids are their number."""

    def __init__(self, lengths: np.ndarray) -> None:
        self.lengths = lengths

    def document(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return np.full(self.lengths[index], index + 1), np.ones(self.lengths[index], np.float32)


def test_batches_hold_the_same_examples_whatever_their_length(entrants: Any, tmp_path: Path) -> None:
    home, _ = entrants
    settings = home.Settings("", str(tmp_path), "esol", "soft, k=1", 3, 10)
    recipe = home.recipe_of(settings, home.ENTRANTS["soft, k=1"], tmp_path)
    generator = np.random.default_rng(0)
    seen = []
    for shortest, longest in ((4, 9), (30, 90)):
        documents = Numbered(generator.integers(shortest, longest, 40))
        width = -(-int(documents.lengths.max()) // 8) * 8
        batches = home.exact_batches(recipe, width, 16).batches
        stream = BatchStream(documents, batches, seed=3, pad_id=0)
        seen.append([next(stream).input_ids[:, 0].tolist() for _ in range(6)])
    assert seen[0] == seen[1]
    assert {len(batch) for batch in seen[0]} <= {16, 8}


def test_a_run_is_found_by_what_it_depends_on(entrants: Any, tmp_path: Path) -> None:
    home, kept = entrants
    settings = home.Settings("here", str(tmp_path), "esol", "soft, k=1", 0, 10)
    assert kept.place_of(settings) == kept.place_of(replace(settings, shared="there", threads=2))
    others = [replace(settings, seed=1), replace(settings, minutes=1.0), replace(settings, entrant="text only")]
    assert len({kept.place_of(one) for one in (settings, *others)}) == 4


@pytest.mark.parametrize("count", [2, 3, 50])
def test_every_entity_is_exchanged_for_another(count: int) -> None:
    order = exchanged(list(range(count)), seed=1)  # type: ignore[arg-type]
    assert sorted(order) == list(range(count))
    assert all(place != other for place, other in enumerate(order))
