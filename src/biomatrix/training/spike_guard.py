"""Updates that are left out because their gradient is far larger than those before it, or not finite.

One corrupt batch can undo thousands of steps: AdamW remembers its gradient long after clipping. The median of recent
norms is hardly moved by such a batch, and norms of what is left out never enter it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Final

from biomatrix.errors import BioMatrixError

if TYPE_CHECKING:
    from biomatrix.training.steadiness_settings import StabilitySection

FEWEST: Final = 16
"""Norms before any is judged: they fall fast at the start of a run."""


@dataclass(frozen=True)
class GradientNorms:
    """What the guard remembers.

    Parameters
    ----------
    recent : tuple of float
        Norms of the gradient, before clipping, of the last updates that were done.
    skipped : int
        Updates left out so far.
    in_a_row : int
        Those since the last update that was done.
    """

    recent: tuple[float, ...] = ()
    skipped: int = 0
    in_a_row: int = 0

    def is_spike(self, norm: float, settings: StabilitySection) -> bool:
        """Return whether an update is to be left out; never where no ``spike_multiple`` is set.

        Examples
        --------
        >>> from biomatrix.training.steadiness_settings import StabilitySection
        >>> norms, settings = GradientNorms((1.0,) * 20), StabilitySection(spike_multiple=4)
        >>> [norms.is_spike(norm, settings) for norm in (3.9, 4.1, float("nan"))]
        [False, True, True]
        """
        if settings.spike_multiple is None:
            return False
        if not math.isfinite(norm):
            return True
        enough = len(self.recent) >= min(FEWEST, settings.spike_history)
        return enough and norm > settings.spike_multiple * median(self.recent)

    def after(self, norm: float, settings: StabilitySection) -> GradientNorms:
        """Return what is remembered once an update with this norm was done."""
        return GradientNorms((*self.recent, norm)[-settings.spike_history :], self.skipped, 0)

    def after_skip(self, norm: float, step: int, settings: StabilitySection) -> GradientNorms:
        """Return what is remembered once an update was left out.

        Raises
        ------
        BioMatrixError
            It was the last of ``spike_limit`` in a row: leaving out more would hide that the run has broken.
        """
        later = replace(self, skipped=self.skipped + 1, in_a_row=self.in_a_row + 1)
        if later.in_a_row >= settings.spike_limit:
            raise BioMatrixError(
                f"{later.in_a_row} updates in a row were left out up to step {step + 1}: the norm of the gradient is "
                f"{norm:.3g}, {self.told()}; lower optimiser.peak_lr, raise stability.spike_multiple, or look at the "
                "data, and go on from the last checkpoint"
            )
        return later

    def told(self) -> str:
        """Return the median of the recent norms in words."""
        if not self.recent:
            return "and none was finite before"
        return f"the median of the last {len(self.recent)} was {median(self.recent):.3g}"
