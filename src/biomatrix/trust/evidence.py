"""What stands beside one answer when it is judged: the other samples of its request, and a calibration."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from biomatrix.errors import LimitError
from biomatrix.trust.agreement import Agreement, Meaning, agreement
from biomatrix.trust.calibration import Calibration


@dataclass(frozen=True, eq=False)
class Evidence:
    """Shared by all samples of a request, so that what is costly is computed once, and only where it is asked for.

    Parameters
    ----------
    meanings : tuple of (Entity, str, float or None)
        What each sample says; see :mod:`biomatrix.trust.agreement`.
    calibration : Calibration, optional
        Of this task and model.
    doubts : tuple of str
        Why the calibration may not hold for the request.
    """

    meanings: tuple[Meaning, ...] = ()
    calibration: Calibration | None = None
    doubts: tuple[str, ...] = ()

    @cached_property
    def agreement(self) -> Agreement | None:
        """How the samples agree; None where there are fewer than two, or too many to compare."""
        try:
            return agreement(self.meanings) if len(self.meanings) > 1 else None
        except LimitError:
            return None


NO_EVIDENCE = Evidence()
