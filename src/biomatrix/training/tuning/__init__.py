"""What of a model is trained: all of it, adapters beside its matrices (LoRA), or the rows of its added tokens alone."""

from __future__ import annotations

from biomatrix.training.tuning.mode import Tuning
from biomatrix.training.tuning.opening import check_tuning, open_tuning

__all__ = ["Tuning", "check_tuning", "open_tuning"]
