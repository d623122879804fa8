"""What evens a run out, as settings: an average of its weights, and guards against losses that run away."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from biomatrix.entities.settings import LARGEST_INTEGER, Section


class AveragingSection(Section):
    """An exponential moving average of the weights, measured beside them and exported in their place."""

    decay: Annotated[float, Field(gt=0, lt=1)] | None = None
    """What a step keeps of the average, such as 0.999; nothing is averaged without it or ``steps``."""
    steps: Annotated[float, Field(gt=1, le=LARGEST_INTEGER)] | None = None
    """In place of ``decay``: the mean age, in steps, of what is averaged; 1,000 is a decay of 0.999."""
    start: Annotated[int, Field(ge=0, le=LARGEST_INTEGER)] = 0
    """Steps before the average begins, with the weights of that moment."""

    @model_validator(mode="after")
    def _one_length(self) -> AveragingSection:
        if self.decay is not None and self.steps is not None:
            raise ValueError("give decay or steps, not both: they say the same thing")
        return self

    @property
    def kept(self) -> float | None:
        """The decay, however it was given; None where nothing is averaged."""
        return 1.0 - 1.0 / self.steps if self.steps is not None else self.decay


class StabilitySection(Section):
    """What keeps a loss from running away; nothing of it is on unless asked for."""

    z_loss: Annotated[float, Field(ge=0)] = 0.0
    """Weight of the squared logarithm of the softmax's denominator, added to the loss of a token, such as 1e-4."""
    spike_multiple: Annotated[float, Field(gt=1)] | None = None
    """Leave out an update whose gradient is not finite, or whose norm exceeds the recent median this many times."""
    spike_history: Annotated[int, Field(ge=2, le=4096)] = 100
    """Norms of the last updates whose median counts."""
    spike_limit: Annotated[int, Field(ge=1, le=LARGEST_INTEGER)] = 10
    """End with an error after this many updates in a row were left out."""
