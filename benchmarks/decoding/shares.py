"""Where the time of a step goes: the guide, its masks, the head and the draw, the network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import torch

from biomatrix.entities.automaton import Bounds
from biomatrix.generation import row_states, rows
from biomatrix.generation.heads import Head
from biomatrix.generation.masks import MaskTable
from biomatrix.generation.recorded_draws import RecordedDraws

from .guides import Anything, endless
from .loops import begun, prompt_of, write
from .timing import timed, wait_for_gpu

PARTS: dict[str, tuple[Any, str]] = {
    "guide, before the draw": (rows._Guided, "candidates"),
    "guide, judging": (rows.Rows, "_judge"),
    "guide, what is hastened": (rows._Guided, "hastened"),
    "guide, behind the draw": (rows._Guided, "advance"),
    "masks and their transfer": (MaskTable, "allowed"),
    "head": (Head, "scores"),
    "draw, and waiting for it": (RecordedDraws, "choose"),
    "draw": (rows, "choose"),
    "network, told": (row_states.StaticRows, "begin"),
    "network, read": (row_states.GrowingRows, "read"),
}
"""What is timed by the clock of the processor that tells a GPU what to do: a module or class, and a name in it."""


def shares(model: Any, name: str | None, count: int, tokens: int, budget: int) -> tuple[float, dict[str, float]]:
    """Return the milliseconds of a step, and of each part of it.

    Parameters
    ----------
    name : str, optional
        The modality; no guide when not given.
    count : int
        Rows.
    tokens, budget : int
        What a row writes, in answers of at most ``budget`` tokens.
    """
    vocabulary = model.vocabulary
    guide = Anything(len(vocabulary)) if name is None else endless(vocabulary.automaton(name), Bounds(budget))
    prompts = [prompt_of(model) if name is None else begun(model, name)] * count

    def run(seed: int) -> None:
        write(model, [guide] * count, prompts, [Bounds(tokens)] * count, seed)

    for seed in (1, 2):
        run(seed)
    whole = min(timed(lambda seed=seed: run(seed)).wall for seed in (3, 4, 5))  # type: ignore[misc]
    seconds = dict.fromkeys(PARTS, 0.0)
    with clocked(seconds, time.perf_counter):
        run(6)
    scale = 1000 / tokens
    return whole * scale, {part: value * scale for part, value in seconds.items() if value >= 1e-6}


def network_alone(model: Any, count: int, tokens: int) -> float | None:
    """Return the milliseconds that a GPU takes for the network's part of a step; None without static rows."""
    from biomatrix.generation.heads import LastPosition

    last = LastPosition(model.engine._network)
    with torch.inference_mode():
        states = row_states.row_states(last, [prompt_of(model)] * count)
        if not isinstance(states, row_states.StaticRows):
            return None
        ids = torch.zeros(count, dtype=torch.int64).numpy()

        def run() -> None:
            for _ in range(tokens):
                states.begin(ids)

        run()
        states.close()
        states = row_states.StaticRows(last, [prompt_of(model)] * count)
        seconds = timed(run).wall
        states.close()
    return 1000 * seconds / tokens


@contextmanager
def clocked(seconds: dict[str, float], clock: Callable[[], float]) -> Iterator[None]:
    """Add up the time of each part while a block runs."""
    with ExitStack() as stack:
        for part, (owner, attribute) in PARTS.items():
            stack.enter_context(_clocked(owner, attribute, part, seconds, clock))
        yield


@contextmanager
def _clocked(owner: Any, name: str, part: str, seconds: dict[str, float], clock: Callable[[], float]) -> Iterator[None]:
    """Add up the time that calls of a function take."""
    inner: Callable[..., Any] = getattr(owner, name)

    def timed_call(*arguments: Any) -> Any:
        begun = clock()
        found = inner(*arguments)
        seconds[part] += clock() - begun
        return found

    with patch.object(owner, name, timed_call):
        yield
    wait_for_gpu()
