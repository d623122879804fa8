"""Head, mask and draw for the ids of a modality against a softmax over the whole vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from biomatrix.entities.automaton import Bounds
from biomatrix.generation.drawing import RowSettings, choose
from biomatrix.generation.heads import Head, LastPosition
from biomatrix.generation.recorded_draws import RecordedDraws
from biomatrix.generation.sampling import Sampling
from biomatrix.processors import threads_for

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
    weights = last.output_rows(slice(0, None))
    assert weights is not None
    hidden = torch.randn(rows, weights.shape[1], generator=torch.Generator().manual_seed(0)).to(weights)
    uniforms = np.random.default_rng(0).random(rows)
    settings = RowSettings.of([Sampling()] * rows)

    draw = choose if hidden.device.type == "cpu" else RecordedDraws(hidden.device).choose

    def constrained() -> None:
        allowed = head.masks.allowed(automaton.allowed(states))
        with threads_for(head.work(rows, allowed.stop - allowed.first)):  # as the loop does
            draw(head.logits(hidden, allowed.first, allowed.stop), allowed.masks, uniforms, settings)

    def inverted() -> None:
        logits = torch.nn.functional.linear(hidden, weights).float()
        targets = torch.from_numpy(uniforms).float().to(logits.device)[:, None]
        torch.searchsorted(torch.softmax(logits, dim=-1).cumsum(dim=-1), targets).cpu()

    def multinomial() -> None:
        torch.multinomial(torch.softmax(torch.nn.functional.linear(hidden, weights).float(), dim=-1), 1).cpu()

    runs = {"constrained": constrained, "softmax and cumulative sum": inverted, "softmax and multinomial": multinomial}
    with torch.inference_mode():
        return in_turns(runs, repeats)
