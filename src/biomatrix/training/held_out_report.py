"""What a run measured on held-out documents: of its weights, and of their average where it keeps one."""

from __future__ import annotations

from dataclasses import dataclass, field

from biomatrix.errors import ConfigurationError
from biomatrix.training.progress import logger
from biomatrix.training.trackers import HELD_OUT, HELD_OUT_AVERAGED, VIEW, RunLog

Losses = dict[str, dict[str, float]]
"""As :func:`biomatrix.training.evaluation.held_out_loss` returns them."""


@dataclass(frozen=True)
class HeldOutReport:
    """Held-out losses at one step.

    Parameters
    ----------
    plain : dict
        Of the weights as they are; empty without held-out data.
    averaged : dict
        Of their average; empty where there is none, or before it has begun.
    """

    plain: Losses = field(default_factory=dict)
    averaged: Losses = field(default_factory=dict)

    @property
    def exported(self) -> Losses:
        """Those of the weights that an export would write."""
        return self.averaged or self.plain

    @property
    def nats(self) -> float:
        """Their mean over all tokens; ConfigurationError where no token of a held-out document counts."""
        if "all" not in self.exported:
            raise ConfigurationError(
                "run.patience looks at the held-out loss, and no token of the held-out documents counts for it"
            )
        return self.exported["all"]["nats"]

    def log(self, metrics: RunLog, step: int) -> None:
        """Write the losses to the metrics, and by modality and task to the log."""
        both = {HELD_OUT: self.plain, HELD_OUT_AVERAGED: self.averaged}
        metrics.write(step=step, **{name: losses for name, losses in both.items() if losses})
        for name, losses in both.items():
            what = "held out, averaged weights," if name == HELD_OUT_AVERAGED else "held out"
            for by, chosen in (("modality", False), ("task", True)) if losses else ():
                parts = [(part, told["nats"]) for part, told in losses.items() if part.startswith(VIEW) == chosen]
                line = "  ".join(f"{part.removeprefix(VIEW)} {nats:.3f}" for part, nats in parts)
                logger.info("step %d  %s by %s, nats per token: %s", step, what, by, line)
