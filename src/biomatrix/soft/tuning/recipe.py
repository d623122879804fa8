"""Recipes of soft tuning: the decoder, the task, the encoder and its projector, and the trainer's own sections."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from biomatrix.entities.files.toml_files import read_toml
from biomatrix.entities.settings import Section, checked
from biomatrix.soft.tuning.task_data import TaskData
from biomatrix.training.config import (
    BatchSection,
    DataSection,
    ModelSection,
    OptimiserSection,
    Recipe,
    RunSection,
    TuningSection,
)
from biomatrix.training.log_settings import LogSection
from biomatrix.training.steadiness_settings import AveragingSection, StabilitySection

Trained = Literal["lora", "projector and lora"]


class DecoderSection(Section):
    """The decoder that is tuned."""

    checkpoint: str = "nano"
    """A shipped name, a model folder, or a hub id."""


class SoftSection(Section):
    """What turns entities into vectors of the decoder."""

    projector: Path | None = None
    """The folder of an aligned projector; a new one is made where none is given."""
    encoder: str = ""
    """The encoder of a new projector, as ``biomatrix soft encode`` takes it, such as ``morgan``."""
    vectors: Path
    """The folder in which the encoder's vectors are kept; entities are encoded once, before training."""
    trained: Trained = "projector and lora"
    """What moves: the adapter alone, or the projector and the adapter. A new projector that does not move is a random
    map."""
    layers: Annotated[int, Field(ge=1, le=3)] = 2
    width: Annotated[int, Field(ge=1, le=2**16)] = 512
    norm: bool = True
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    learned: Annotated[int, Field(ge=0, le=1024)] = 0
    """The form of a new projector; see :class:`biomatrix.soft.projector.ProjectorSettings`."""

    @model_validator(mode="after")
    def _one_way(self) -> SoftSection:
        if (self.projector is None) == (not self.encoder):
            raise ValueError("give either projector, an aligned one, or encoder, for a new one")
        return self


class SoftRecipe(Section):
    """A whole run."""

    model: DecoderSection = DecoderSection()
    task: TaskData
    soft: SoftSection
    batches: BatchSection = BatchSection()
    optimiser: OptimiserSection = OptimiserSection(peak_lr=1e-3, warmup_steps=20)
    tuning: TuningSection = TuningSection(mode="lora")
    averaging: AveragingSection = AveragingSection()
    stability: StabilitySection = StabilitySection()
    run: RunSection
    log: LogSection = LogSection()

    @model_validator(mode="after")
    def _an_adapter(self) -> SoftRecipe:
        if self.tuning.mode != "lora":
            raise ValueError('soft tuning moves an adapter beside the frozen decoder: tuning.mode = "lora"')
        return self

    def training(self, folder: Path) -> Recipe:
        """Return the trainer's recipe for the decoder in a folder."""
        return Recipe(
            model=ModelSection(vocabulary=folder, checkpoint=str(folder)),
            data=DataSection(train=self.task.folder),
            batches=self.batches,
            optimiser=self.optimiser,
            tuning=self.tuning,
            averaging=self.averaging,
            stability=self.stability,
            run=self.run,
            log=self.log,
        )


def load_soft_recipe(path: str | Path) -> SoftRecipe:
    """Read and check a recipe; paths inside it are relative to the working directory.

    Raises
    ------
    ConfigurationError
        Names each setting that is unknown, missing or out of range.
    """
    return checked(read_toml(path), SoftRecipe, path)
