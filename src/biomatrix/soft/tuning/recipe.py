"""Recipes of soft tuning: the decoder, the task, the encoder and its projector, and the trainer's own sections."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from biomatrix.entities.files.toml_files import read_toml
from biomatrix.entities.settings import Section, checked
from biomatrix.soft.projector import Scaling
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
Start = Literal["drawn", "ridge"]


CANDIDATES: Final = "candidates"
"""The folder of their runs, in the output folder."""
_MAY_DIFFER: Final = frozenset({"soft", "batches", "optimiser", "tuning", "averaging", "stability", "run"})


class DecoderSection(Section):
    """The decoder that is tuned."""

    checkpoint: str = "nano"
    """A shipped name, a model folder, or a hub id."""


def _listed(value: Any) -> Any:
    """Return one text as a list of one, and no text as none."""
    if isinstance(value, str | Path):
        return (value,) if str(value) else ()
    return tuple(value) if isinstance(value, list) else value


class SoftSection(Section):
    """What turns entities into vectors of the decoder."""

    projector: Annotated[tuple[Path, ...], BeforeValidator(_listed)] = ()
    """Folders of aligned projectors, one or several of different kinds of entity."""
    encoder: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    """Encoders that get a new projector, one for each kind of entity that the task shows, as ``biomatrix soft encode``
    takes them, such as ``morgan``. Entities of a kind that has neither are shown as tokens."""
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
    scaling: Scaling = "all"
    """What a new projector divides the encoder's numbers by: one spread, each its own, or nothing."""
    start: Start = "drawn"
    """How a new projector begins: as it is drawn, or, with one layer, as ridge regression of the embeddings of the
    training answers on the encoder's vectors."""

    @model_validator(mode="after")
    def _one_way(self) -> SoftSection:
        if not self.projector and not self.encoder:
            raise ValueError("give projector, an aligned one, or encoder, for a new one")
        if self.start == "ridge" and self.layers != 1:
            raise ValueError("only a projector of one layer can start from ridge regression: layers = 1")
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
    candidates: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w-]*$")], dict[str, dict[str, Any]]] = Field(
        default_factory=dict
    )
    """Settings to choose among, by name: of each what it changes, by section. The one with the lowest loss on
    ``task.held_out`` is trained on all examples."""

    @model_validator(mode="after")
    def _candidates_differ_in_what_may(self) -> SoftRecipe:
        if self.candidates and not self.task.held_out:
            raise ValueError("candidates are told apart by held-out examples: give task.held_out, such as 0.2")
        for name, changes in self.candidates.items():
            fixed = sorted(set(changes) - _MAY_DIFFER)
            if fixed:
                raise ValueError(f"candidate {name} changes {fixed[0]}; it may change {', '.join(sorted(_MAY_DIFFER))}")
            self.candidate(name)
        return self

    @model_validator(mode="after")
    def _an_adapter(self) -> SoftRecipe:
        if self.tuning.mode != "lora":
            raise ValueError('soft tuning moves an adapter beside the frozen decoder: tuning.mode = "lora"')
        return self

    def candidate(self, name: str) -> SoftRecipe:
        """Return the recipe of a candidate, without the others, in a folder of its own."""
        values = self._with(name)
        values["run"]["output"] = self.run.output / CANDIDATES / name
        return SoftRecipe.model_validate(values)

    def chosen(self, name: str, updates: int) -> SoftRecipe:
        """Return the recipe of a candidate for all training examples: so many updates where it was ended early."""
        values = self._with(name)
        values["task"]["held_out"] = 0.0
        values["run"]["output"] = self.run.output
        if values["run"].pop("patience", None) is not None:
            values["run"] = {**values["run"], "max_steps": updates, "max_minutes": None}
        return SoftRecipe.model_validate(values)

    def _with(self, name: str) -> dict[str, Any]:
        values = self.model_dump(exclude_unset=True, exclude={"candidates"})
        for section, changes in self.candidates[name].items():
            values[section] = {**values.get(section, {}), **changes}
        return values

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
