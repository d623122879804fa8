"""Every prediction of every document is trained once an epoch, and the order is a function of seed and position."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.training.batches import Batch, BatchStream, plan_batches
from biomatrix.training.config import BatchSection

from .documents import PAD, CountingDocuments

LAYOUTS = ("bucketed", "packed")


def settings(layout: str, **changes: object) -> BatchSection:
    values = {"tokens": 96, "max_length": 24, "buckets": (8, 16), "window": 50, "layout": layout, **changes}
    return BatchSection.model_validate(values)


def one_epoch(stream: BatchStream) -> list[Batch]:
    batches = []
    for batch in stream:
        if stream.position.epoch:
            return batches
        batches.append(batch)
    raise AssertionError("a stream never ends")


def same(a: Batch, b: Batch) -> bool:
    return all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for name in ("input_ids", "labels", "position_ids", "weights")
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_epoch_trains_every_prediction_once(layout: str) -> None:
    documents = CountingDocuments(300, 60, longest=70)
    wanted: Counter[tuple[int, int]] = Counter()
    for index in range(300):
        ids, weights = documents.document(index)
        for a, b, w in zip(ids[:-1], ids[1:], weights[1:], strict=True):
            wanted[int(a), int(b)] += int(w)
    found: Counter[tuple[int, int]] = Counter()
    for batch in one_epoch(BatchStream(documents, settings(layout), seed=1, pad_id=PAD)):
        kept = batch.weights > 0
        found.update(zip(batch.input_ids[kept].tolist(), batch.labels[kept].tolist(), strict=True))
    assert found == +wanted


@pytest.mark.parametrize("layout", LAYOUTS)
def test_batches_stay_within_the_token_budget(layout: str) -> None:
    chosen = settings(layout)
    batches = one_epoch(BatchStream(CountingDocuments(300, 60), chosen, seed=1, pad_id=PAD))
    assert all(batch.input_ids.size <= chosen.tokens for batch in batches)
    assert {batch.input_ids.shape[1] for batch in batches} <= set(chosen.row_lengths)


def test_little_of_a_batch_is_padding_where_no_buckets_are_named() -> None:
    lengths = np.minimum(np.random.default_rng(0).lognormal(4.5, 0.6, 8192).astype(np.int64) + 2, 512)
    shares = {}
    for buckets in ((), (64, 96, 128, 192, 256, 384)):
        chosen = BatchSection.model_validate({"buckets": buckets})
        plan = plan_batches(lengths, chosen)
        longest = [max(int(lengths[row].sum()) for row in rows) for rows in plan]
        width = np.asarray(chosen.row_lengths)[np.searchsorted(chosen.row_lengths, longest)]
        shares[buckets] = lengths.sum() / sum(len(rows) * w for rows, w in zip(plan, width.tolist(), strict=True))
    assert shares[()] > 0.95
    assert shares[()] > 1.1 * min(shares.values())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_seeking_gives_the_same_next_batches(layout: str) -> None:
    documents = CountingDocuments(3000, 60)
    stream = BatchStream(documents, settings(layout), seed=5, pad_id=PAD)
    for _ in range(200):
        next(stream)
    assert stream.position.window or stream.position.epoch
    position, following = stream.position, [next(stream) for _ in range(40)]
    fresh = BatchStream(documents, settings(layout), seed=5, pad_id=PAD)
    fresh.seek(position)
    assert all(same(a, next(fresh)) for a in following)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_processes_share_out_the_batches_of_one(layout: str) -> None:
    documents = CountingDocuments(100, 60)
    alone = BatchStream(documents, settings(layout), seed=2, pad_id=PAD)
    both = [BatchStream(documents, settings(layout), seed=2, pad_id=PAD, rank=r, world=2) for r in (0, 1)]
    for _ in range(20):
        assert same(next(alone), next(both[0]))
        assert same(next(alone), next(both[1]))


def test_another_seed_gives_another_order() -> None:
    documents = CountingDocuments(100, 60)
    a, b = (BatchStream(documents, settings("bucketed"), seed=s, pad_id=PAD) for s in (0, 1))
    assert not all(same(next(a), next(b)) for _ in range(5))


def test_positions_count_from_each_document() -> None:
    stream = BatchStream(CountingDocuments(100, 60, longest=10), settings("packed"), seed=0, pad_id=PAD)
    batch = next(stream)
    begins = batch.position_ids == 0
    assert begins.sum(axis=1).max() > 1
    assert ((np.diff(batch.position_ids, axis=1) == 1) | begins[:, 1:]).all()


def test_a_corpus_without_predictions_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no document of two or more tokens"):
        BatchStream(CountingDocuments(3, 60, shortest=1, longest=1), settings("packed"), seed=0, pad_id=PAD)
