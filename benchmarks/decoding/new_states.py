"""What a guide costs whose states nobody met before: judged one piece at a time, and listed."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from biomatrix.entities.automaton import Bounds

from .guides import Listed
from .loops import begun, write
from .shares import PARTS, clocked

LEADING = ("guide", "masks")
"""How the parts of a step that a guide takes are named."""


class NewStates(NamedTuple):
    """Processor time of answers under a guide that was just made.

    Parameters
    ----------
    guide : float
        Milliseconds of 64 rows and a token each, in the guide and its masks.
    whole : float
        The same of all.
    tokens : int
        Written.
    """

    guide: float
    whole: float
    tokens: int


def new_states(model: Any, name: str, rows: int, budget: int, repeats: int) -> dict[str, NewStates]:
    """Return the times of free answers in a modality, in turns; each batch is written under a guide of its own."""
    vocabulary = model.vocabulary
    block, ids = vocabulary.block(name), vocabulary.segment_ids(name)
    sums = {"judged": [0.0, 0.0, 0.0], "listed": [0.0, 0.0, 0.0]}
    for seed in range(repeats):
        for way, found in list(sums.items())[:: 1 - 2 * (seed % 2)]:  # whoever comes second finds caches warm
            automaton = block.modality.automaton(ids)
            guide = automaton if way == "judged" else Listed(automaton)
            seconds = dict.fromkeys(PARTS, 0.0)
            before = time.thread_time()
            with clocked(seconds, time.thread_time):
                tokens = write(model, [guide] * rows, [begun(model, name)] * rows, [Bounds(budget)] * rows, seed)
            found[0] += sum(value for part, value in seconds.items() if part.startswith(LEADING))
            found[1] += time.thread_time() - before
            found[2] += tokens
    scale = 1000.0 * rows
    return {
        way: NewStates(scale * guide / tokens, scale * whole / tokens, int(tokens))
        for way, (guide, whole, tokens) in sums.items()
    }
