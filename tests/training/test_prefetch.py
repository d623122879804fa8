"""Batches built ahead are those of the stream beneath, and a run that stops with some waiting loses none."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from biomatrix.training.batches import BatchStream
from biomatrix.training.checkpoint import checkpoints
from biomatrix.training.config import BatchSection
from biomatrix.training.prefetch import PrefetchedStream

from .documents import PAD, CountingDocuments
from .test_loop import losses, trainer


class Unreadable(CountingDocuments):
    """Documents of which one cannot be read for a while."""

    broken = True

    def document(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if index == 7 and self.broken:
            raise OSError("document 7 cannot be read")
        return super().document(index)


def stream(documents: CountingDocuments | None = None) -> BatchStream:
    settings = BatchSection(tokens=96, max_length=32, window=20, layout="packed")
    return BatchStream(documents or CountingDocuments(40, 64, longest=20), settings, seed=3, pad_id=PAD)


def test_batches_positions_and_work_are_those_of_the_stream() -> None:
    plain, ahead = stream(), PrefetchedStream(stream(), 3)
    for batch, built in islice(zip(plain, ahead, strict=False), 30):
        np.testing.assert_array_equal(batch.input_ids, built.input_ids)
        np.testing.assert_array_equal(batch.weights, built.weights)
        assert (plain.position, plain.work) == (ahead.position, ahead.work)
    ahead.close()


def test_what_waits_is_built_again_after_a_seek_or_a_stop() -> None:
    plain, ahead = stream(), PrefetchedStream(stream(), 4)
    wanted = [batch.input_ids for batch in islice(plain, 12)]
    for _ in range(5):
        next(ahead)
    place, work = ahead.position, ahead.work
    next(ahead)
    ahead.seek(place)
    assert ahead.work != work  # that batch was handed out, and counts
    ahead.close()
    found = [next(ahead).input_ids for _ in range(7)]
    assert all(np.array_equal(a, b) for a, b in zip(wanted[5:], found, strict=True))
    ahead.close()
    assert "batches" not in {thread.name for thread in threading.enumerate()}


def test_an_error_is_raised_where_its_batch_is_taken() -> None:
    documents = Unreadable(40, 64, longest=20)
    plain, ahead = stream(documents), PrefetchedStream(stream(documents), 3)
    good = 0
    with suppress(OSError):
        for _ in plain:
            good += 1
    for _ in range(good):
        next(ahead)
    time.sleep(0.01)
    with pytest.raises(OSError, match="document 7"):
        next(ahead)
    documents.broken = False
    again = stream(documents)
    wanted = [batch.input_ids for batch in islice(again, good + 1)]
    np.testing.assert_array_equal(next(ahead).input_ids, wanted[good])
    ahead.close()


def test_a_resumed_run_repeats_the_losses(tmp_path: Path) -> None:
    trainer(tmp_path / "whole").train()
    first = trainer(tmp_path / "parts", run={"prefetch": 4, "save_every": 5, "keep": 5})
    first.train()
    first.close()
    for later in checkpoints(tmp_path / "parts")[1:]:
        later.rename(tmp_path / later.name)
    second = trainer(tmp_path / "parts", run={"prefetch": 2})
    assert second.resume()
    assert second.state.step == 5
    second.train()
    second.close()
    assert losses(tmp_path / "parts") == losses(tmp_path / "whole")
