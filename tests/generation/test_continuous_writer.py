"""Many threads ask one network, and each gets what it would get alone."""

from __future__ import annotations

import gc
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch

import biomatrix as bm
from biomatrix.entities.stopping import stopped_by
from biomatrix.errors import BusyError, ServerError, UnsupportedError
from biomatrix.generation import Answer, Model, Request, Sampling, load, shared_model
from biomatrix.generation.continuous_engine import SharedEngine
from biomatrix.generation.events import Finished
from biomatrix.generation.jobs import Job
from biomatrix.generation.qwen3.joined_cache import JoinedKeyValues

OUTPUTS = (
    ("molecule_smiles", None),
    ("molecule_selfies", None),
    ("molecule_structure", (4, 12)),
    ("protein_sequence", (5, 25)),
    ("protein_structure", 20),
    (None, None),
)
CAFFEINE = bm.Molecule.from_smiles("CN1C=NC2=C1C(=O)N(C(=O)N2C)C")


def mixed(count: int) -> list[Request]:
    """Return requests that differ in everything."""
    words: tuple[Any, ...] = (
        "Make a molecule.",
        ["Describe ", CAFFEINE, " in some words, and write one that is like it."],
        "Go on.",
    )
    found = []
    for number in range(count):
        output, length = OUTPUTS[number % 6]
        wishes = {"molecule_smiles": ("elements=CNO",), "protein_sequence": ("fixed=1:M", "composition=C<=2")}.get(
            str(output), ()
        )
        beams = 3 if number % 20 == 9 else None
        sampling = Sampling((1.0, 0.7, 1.3, 0.0)[number % 4], (1.0, 1.0, 0.9)[number % 3], seed=number)
        found.append(
            Request(
                words[number % 3],
                output,
                length,
                num_samples=1 + number % 3,
                sampling=Sampling() if beams else sampling,
                max_new_tokens=40 if length is None else None,
                constraints=wishes if number % 4 == 1 else (),
                drafts=(1, 3)[number % 2] if output and not beams else None,
                beams=beams,
                best_of=2 if number % 20 == 14 else 1,
            )
        )
    return found


def content(answers: list[Answer]) -> list[Any]:
    """Return all of some answers but the last digits of their log-probabilities."""
    return [(one.token_ids, one.text, str(one.entity), one.error, one.refused, one.finish_reason) for one in answers]


def asked(model: Model, request: Request, *, streams: bool) -> list[Answer]:
    """Return the answers to a request, of a stream or not."""
    if not streams or request.beams or request.best_of > 1:
        return model.engine.generate([request])[0]
    ends = [event for event in model.engine.stream(request) if isinstance(event, Finished)]
    return [event.answer for event in sorted(ends, key=lambda event: event.sample)]


def until(holds: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Wait until something holds; return whether it does."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return holds()


@pytest.fixture
def shared() -> Iterator[Model]:
    model = shared_model(load("nano", device="cpu"), max_rows=16, max_waiting=64)
    yield model
    engine_of(model).close(0.0)


def engine_of(model: Model) -> SharedEngine:
    assert isinstance(model.engine, SharedEngine)
    return model.engine


def together(model: Model, requests: list[Request], seed: int, threads: int = 16) -> list[list[Answer]]:
    """Return the answers to requests that threads ask in a random order, some of them as streams, scores in between."""
    order = random.Random(seed).sample(range(len(requests)), len(requests))
    found: dict[int, list[Answer]] = {}

    def ask(number: int) -> None:
        found[number] = asked(model, requests[number], streams=(number + seed) % 2 == 0)
        if number % 5 == 0:
            model.engine.score(Request("Make a molecule."), CAFFEINE)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(ask, order))
    return [found[number] for number in range(len(requests))]


def check_alike(count: int, repeats: int) -> None:
    requests = mixed(count)
    alone = load("nano", device="cpu")
    expected = [asked(alone, request, streams=False) for request in requests]
    score = alone.engine.score(Request("Make a molecule."), CAFFEINE)
    model = shared_model(load("nano", device="cpu"), max_rows=24)
    for seed in range(repeats):
        found = together(model, requests, seed)
        for number, (some, others) in enumerate(zip(found, expected, strict=True)):
            assert content(some) == content(others), requests[number]
            for one, other in zip(some, others, strict=True):
                assert one.logprob == pytest.approx(other.logprob, abs=1e-3)
    assert model.engine.score(Request("Make a molecule."), CAFFEINE).logprob == pytest.approx(score.logprob, abs=1e-3)
    load_ = engine_of(model).load()
    assert (load_.rows, load_.waiting) == (0, 0)
    assert engine_of(model).close(10.0)


def test_what_is_written_does_not_depend_on_who_else_asks() -> None:
    check_alike(15, 1)


@pytest.mark.exhaustive
def test_sixty_mixed_requests_from_sixteen_threads_are_answered_as_one_at_a_time() -> None:
    check_alike(60, 3)


def test_a_shared_model_is_the_model(shared: Model) -> None:
    alone = load("nano", device="cpu")
    for name in ("context_length", "num_parameters", "num_embeddings", "name"):
        assert getattr(shared, name) == getattr(alone, name)
    assert engine_of(shared).model_hash == alone.engine.model_hash  # type: ignore[attr-defined]
    assert shared.vocabulary.modalities == alone.vocabulary.modalities
    assert shared.network.config.model_type == "qwen3"
    with pytest.raises(UnsupportedError, match="runs its network elsewhere"):
        shared_model(shared)


def test_a_closed_stream_frees_its_rows_within_a_step(shared: Model) -> None:
    engine = engine_of(shared)
    events = engine.stream(Request("Go on.", num_samples=14, max_new_tokens=1500, guided=False))
    other = engine.stream(Request("Fold.", "protein_structure", 600))
    for _ in range(5):
        next(events)
        next(other)
    assert engine.load().rows == 15
    before = engine.load().steps
    events.close()  # type: ignore[attr-defined]
    assert until(lambda: engine.load().rows == 1)
    assert engine.load().steps <= before + 3
    del other  # a caller that is gone
    gc.collect()
    assert until(lambda: engine.load().rows == 0)


def test_one_sample_does_not_wait_for_many(shared: Model) -> None:
    engine = engine_of(shared)
    many = engine.stream(Request("Fold.", "protein_structure", 60, num_samples=60))
    next(many)
    assert until(lambda: engine.load().rows == 14)
    before = engine.load()
    shared.generate("Make a protein.", output="protein_sequence", length=10)
    after = engine.load()
    assert after.waiting > 0
    assert after.steps - before.steps < 25
    many.close()  # type: ignore[attr-defined]


def test_an_error_of_a_guide_is_its_callers_alone(shared: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engine_of(shared)
    plan = engine._plans([Request("Write.", "protein_sequence", 30)])[0]
    (job,) = plan.jobs
    guide = Raising(job.guide)
    broken = Job(job.prompt, 0, guide, job.state, job.budget, job.sampling)
    with ThreadPoolExecutor(2) as pool:
        good = pool.submit(shared.generate, "Write.", output="protein_sequence", length=30)
        bad = pool.submit(engine._writer.write, [job, broken], 4)
        with pytest.raises(KeyError, match="lost"):
            bad.result()
        assert (
            good.result()[0].token_ids
            == load("nano", device="cpu").generate("Write.", output="protein_sequence", length=30)[0].token_ids
        )
    assert until(lambda: engine.load().rows == 0)


class Raising:
    """A guide that raises at its tenth token."""

    def __init__(self, inner: Any) -> None:
        self.ids, self._inner, self._left = inner.ids, inner, 10

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def advance(self, states: Any, ids: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise KeyError("lost")
        return self._inner.advance(states, ids)


def test_a_broken_network_ends_all_who_wait_for_it_and_the_next_are_answered(
    shared: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_of(shared)
    expected = content(shared.generate("Fold.", output="protein_structure", length=30))
    append, fails = JoinedKeyValues.append, threading.Event()

    def failing(self: Any, *given: Any) -> Any:
        if fails.is_set():
            raise MemoryError("no room")
        return append(self, *given)

    monkeypatch.setattr(JoinedKeyValues, "append", failing)
    streams = [engine.stream(Request("Fold.", "protein_structure", 300)) for _ in range(3)]
    for events in streams:
        next(events)
        next(events)
    fails.set()
    errors = []
    for events in streams:
        with pytest.raises(ServerError, match=r"the network failed .MemoryError: no room") as caught:
            list(events)
        errors.append(caught.value)
    assert len({id(error) for error in errors}) == 3
    fails.clear()
    assert content(shared.generate("Fold.", output="protein_structure", length=30)) == expected


def test_too_many_callers_are_told_when_to_come_again(shared: Model) -> None:
    engine = engine_of(shared)
    first = engine.stream(Request("Fold.", "protein_structure", 200, num_samples=60))
    next(first)
    with pytest.raises(BusyError) as caught:
        shared.generate("Fold.", output="protein_structure", length=200, num_samples=40)
    assert caught.value.retry_after >= 1.0
    with pytest.raises(BusyError):  # before any event
        next(engine.stream(Request("Fold.", "protein_structure", 200, num_samples=40)))
    first.close()  # type: ignore[attr-defined]
    assert until(lambda: engine.load().waiting == 0)


@pytest.mark.parametrize("seconds", [30.0, 0.0])
def test_closing_ends_what_runs_or_gives_it_back(seconds: float) -> None:
    model = shared_model(load("nano", device="cpu"), max_rows=4)
    engine = engine_of(model)
    length = 30 if seconds else 800
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(model.generate, "Fold.", output="protein_structure", length=length, num_samples=6)
        assert until(lambda: engine.load().rows > 0)
        assert engine.close(seconds) is bool(seconds)
        if seconds:
            assert len(running.result()) == 6
        else:
            with pytest.raises(ServerError, match="closed before this was done"):
                running.result()
    with pytest.raises(ServerError, match="no new work"):
        model.generate("Fold.", output="protein_structure", length=5)


def test_a_model_that_is_dropped_ends_its_thread() -> None:
    before = threading.active_count()
    model = shared_model(load("nano", device="cpu"))
    model.generate("Fold.", output="protein_structure", length=3)
    assert threading.active_count() == before + 1
    del model
    gc.collect()
    assert until(lambda: threading.active_count() == before)


def test_a_stock_network_is_shared_too(shared: Model) -> None:
    model = load("nano", device="cpu")
    expected = content(model.generate("Fold.", output="protein_structure", length=12, num_samples=3))
    assert model.network is not None  # which answers itself from now on
    stock = shared_model(model)
    with ThreadPoolExecutor(3) as pool:
        asked_ = [
            pool.submit(stock.generate, "Fold.", output="protein_structure", length=12, num_samples=3) for _ in "abc"
        ]
        assert all(content(one.result()) == expected for one in asked_)
    assert not torch.is_inference_mode_enabled()


def test_a_thread_that_is_stopped_frees_its_rows(shared: Model) -> None:
    """Also where nothing is streamed: the best of several, and a beam search."""
    engine = engine_of(shared)
    for further in ({"best_of": 8}, {"beams": 2}):
        stop = threading.Event()

        def check(stop: threading.Event = stop) -> None:
            if stop.is_set():
                raise InterruptedError

        timer = threading.Timer(0.3, stop.set)
        timer.start()
        request = Request("Go on.", "protein_sequence", 400, **further)  # type: ignore[arg-type]
        with stopped_by(check), pytest.raises(InterruptedError):
            engine.generate([request])
        assert until(lambda: not (engine.load().rows or engine.load().waiting), 3.0)
