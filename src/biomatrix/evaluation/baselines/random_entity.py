"""New entities without a model: a walk of a modality's automaton, every step drawn evenly among what may come."""

from __future__ import annotations

from random import Random
from typing import Final

import numpy as np

from biomatrix.entities.automaton import Bounds
from biomatrix.entities.base_modality import Modality
from biomatrix.entities.modality_registry import modality, modality_names
from biomatrix.entities.segment_ids import SegmentIds
from biomatrix.errors import BioMatrixError, UnsupportedError
from biomatrix.tasks.benchmarks.notations import in_notation

_START, _END, _FIRST = 1, 2, 3
_BUDGET: Final = 4_000
_UNBOUNDED: Final = 40
"""The budget of an answer whose length nobody asks for."""
_TRIES: Final = 20


def random_tokens(output: str, length: int | None, rng: Random, notation: str) -> str:
    """Return a random entity as an answer in a modality, its control pair included.

    Parameters
    ----------
    output : str
        The modality of the answer.
    length : int, optional
        Counted tokens, exactly.
    rng : Random
    notation : {"smiles", "selfies"}
        What the answer is written in, where the modality is one of molecules as text.

    Raises
    ------
    UnsupportedError
        Nothing valid was found.
    """
    target = modality(in_notation(output, notation))
    drawn = _with_tokens(target)
    for _ in range(_TRIES):
        tokens = _walk(drawn, Bounds(_UNBOUNDED if length is None else _BUDGET, length), rng)
        try:
            written = tokens if drawn is target else target.encode(drawn.decode(tokens))
        except BioMatrixError:
            continue
        return target.start_token + "".join(written) + target.end_token
    raise UnsupportedError(f"no valid {output} in {_TRIES} random walks")


def _with_tokens(target: Modality) -> Modality:
    """Return the modality to draw in: one of the same kind with tokens of its own where the target is plain text."""
    if not target.spelled_as_text:
        return target
    return next(
        each
        for each in map(modality, modality_names(target.kind))
        if not each.spelled_as_text and not each.needs_structure
    )


def _walk(drawn: Modality, bounds: Bounds, rng: Random) -> list[str]:
    ids = {token: number for number, token in enumerate(drawn.vocabulary(), _FIRST)}
    tokens = {number: token for token, number in ids.items()}
    automaton = drawn.automaton(SegmentIds(_START, _END, ids, np.empty(0, dtype=np.int64)))
    state, written = automaton.start(bounds)[None], list[str]()
    while True:
        (ranges,) = automaton.allowed(state)
        chosen = rng.choice([number for first, stop in ranges.tolist() for number in range(first, stop)])
        if chosen == _END:
            return written
        written.append(tokens[chosen])
        state = automaton.advance(state, np.array([chosen]))
