"""Head, mask and draw for the ids of a modality against a softmax over the whole vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from biomatrix.entities.automaton import Bounds
from biomatrix.generation.drawing import RowSettings, choose
from biomatrix.generation.heads import Head, LastPosition
from biomatrix.generation.sampling import Sampling

from .timing import Seconds, in_turns

LENGTH = 300
"""Of the structure: rows are in the midst of it."""


def compare(model: Any, output: str, rows: int, repeats: int) -> dict[str, Seconds]:
    """Return the times of a constrained draw, and of the two common ways to draw from all ids."""
    last = LastPosition(model.engine._network)
    automaton = model.vocabulary.automaton(output)
    head = Head(last, automaton.ids)
    state = automaton.start(Bounds(4 * LENGTH, LENGTH))
    states = np.stack([state] * rows)
    hidden = torch.randn(rows, last.input_rows.shape[1], generator=torch.Generator().manual_seed(0))
    weights = last.output_rows(slice(0, None))
    assert weights is not None
    uniforms = np.random.default_rng(0).random(rows)
    settings = RowSettings.of([Sampling()] * rows)

    def constrained() -> None:
        allowed = head.masks.allowed(automaton.allowed(states))
        choose(head.logits(hidden, allowed.first, allowed.stop), allowed.masks, uniforms, settings)

    def inverted() -> None:
        cumulative = torch.softmax(torch.nn.functional.linear(hidden, weights), dim=-1).cumsum(dim=-1)
        torch.searchsorted(cumulative, torch.from_numpy(uniforms).float()[:, None])

    def multinomial() -> None:
        torch.multinomial(torch.softmax(torch.nn.functional.linear(hidden, weights), dim=-1), 1)

    runs = {"constrained": constrained, "softmax and cumulative sum": inverted, "softmax and multinomial": multinomial}
    with torch.inference_mode():
        return in_turns(runs, repeats)
