"""How a run of soft tuning ended, and what it was chosen among."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from biomatrix.training.result import TrainingResult


@dataclass(frozen=True)
class Tried:
    """A candidate for the settings of a run, and what came of it.

    Parameters
    ----------
    name : str
    nats : float
        Held-out loss per token of the answers; infinite where it could not be trained.
    step : int
        Updates after which it was measured: the best ones of a run with ``run.patience``.
    fault : str
        Why it could not be trained; "" where it was.
    """

    name: str
    nats: float
    step: int
    fault: str = ""


@dataclass(frozen=True)
class SoftTuningResult:
    """How a run ended.

    Parameters
    ----------
    training : TrainingResult
    trained_parameters : int
        Weights that moved.
    examples, refused : int
        Exchanges that were learned from, and those that were not: too long, or about an entity without vectors.
    split : str
        What keeps training and test apart.
    model, projector : Path, optional
        The merged decoder and its projector, of a run that came to its end.
    tried : tuple of Tried
        The candidates that it was chosen among, where the recipe names some.
    """

    training: TrainingResult
    trained_parameters: int
    examples: int
    refused: int
    split: str
    model: Path | None = None
    projector: Path | None = None
    tried: tuple[Tried, ...] = ()
