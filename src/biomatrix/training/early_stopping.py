"""When to end a run whose held-out loss no longer falls, and which of its checkpoints was the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BEST_FOLDER: Final = "best"
"""The folder, beside the numbered checkpoints, of the one with the lowest held-out loss."""


@dataclass(frozen=True)
class Best:
    """The lowest held-out loss of a run so far.

    Parameters
    ----------
    nats : float
        Mean held-out loss per token.
    step : int
        When it was measured.
    worse : int
        The evaluations since, none of which was lower.
    measured : int
        The step of the last evaluation.
    """

    nats: float
    step: int
    worse: int = 0
    measured: int = 0


def with_evaluation(best: Best | None, nats: float, step: int) -> Best:
    """Return the best of a run after one more evaluation; a second one at the same step changes nothing.

    Examples
    --------
    >>> with_evaluation(Best(2.0, 100, measured=100), 2.5, 200)
    Best(nats=2.0, step=100, worse=1, measured=200)
    """
    if best is None or nats < best.nats:
        return Best(nats, step, 0, step)
    if step == best.measured:
        return best
    return Best(best.nats, best.step, best.worse + 1, step)


def is_exhausted(best: Best | None, patience: int | None) -> bool:
    """Return whether as many evaluations as allowed have passed since the best one."""
    return best is not None and patience is not None and best.worse >= patience
