"""One run of soft tuning, from its recipe to a merged model with its projector beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import nn

from biomatrix.entities.encoder import Encoder
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.generation.loading import model_folder
from biomatrix.generation.model_hash import folder_hash, model_hash
from biomatrix.soft.projector import Projector, ProjectorSettings
from biomatrix.soft.splicing import splice
from biomatrix.soft.tuning.documents import ExchangeDocuments
from biomatrix.soft.tuning.entity_vectors import EntityVectors
from biomatrix.soft.tuning.opening import (
    aligned_projector,
    encoder_of,
    keep_encoder,
    new_projector,
    tuned_record,
)
from biomatrix.soft.tuning.recipe import SoftRecipe
from biomatrix.soft.tuning.showing import as_positions, shown_question
from biomatrix.soft.tuning.task_data import TaskExamples, read_task, subject
from biomatrix.soft.vector_rows import VectorRows
from biomatrix.tasks.benchmarks.answers import gold_answer
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.training.identity import DataIdentity
from biomatrix.training.loop import Trainer
from biomatrix.training.model import build_model
from biomatrix.training.result import TrainingResult
from biomatrix.training.resuming import only_run
from biomatrix.vocabulary import Vocabulary
from biomatrix.vocabulary.token_table import token_table_fingerprint

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from biomatrix.tasks.documents import PartItem

MODEL: Final = "model"
"""The merged decoder, in the output folder."""
PROJECTOR: Final = "projector"
"""Its projector."""
_FORM: Final = ("layers", "width", "norm", "dropout", "learned")


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
    """

    training: TrainingResult
    trained_parameters: int
    examples: int
    refused: int
    split: str
    model: Path | None = None
    projector: Path | None = None


class SoftRun:
    """What a recipe asks for, opened: vectors are on disk, the projector is in the decoder, the trainer is ready.

    Parameters
    ----------
    recipe : SoftRecipe

    Raises
    ------
    ConfigurationError, WeightsError
        The recipe, its task, its decoder, its encoder and its projector do not fit together.

    Attributes
    ----------
    task : TaskExamples
    vectors : EntityVectors
    rows : VectorRows
        Inside the decoder's embedding.
    projector : Projector
    documents : ExchangeDocuments
    trainer : Trainer
    """

    def __init__(self, recipe: SoftRecipe) -> None:
        self.recipe = recipe
        self.folder = model_folder(recipe.model.checkpoint)
        self.vocabulary = Vocabulary.from_pretrained(self.folder)
        self.task: TaskExamples = read_task(recipe.task)
        self.encoder: Encoder = encoder_of(recipe.soft)
        about = [subject(one) for one in (*self.task.train, *self.task.test)]
        self.vectors = EntityVectors(recipe.soft.vectors, self.encoder, about)
        self.training_recipe = recipe.training(self.folder)
        self.model: PreTrainedModel = build_model(self.training_recipe.model, self.vocabulary, recipe.run)
        self.base_hash = model_hash(self.model.named_parameters())
        self.train, self.lost = self._with_vectors(self.task.train)
        self.projector = self._projector()
        self.rows = VectorRows()
        self.vectors.give_out(self.rows, self.projector)
        self.documents = self._documents()
        splice(self.model, self.rows, self.trains_projector)
        if not self.trains_projector:
            self.projector.requires_grad_(False).eval()
        beside: tuple[nn.Module, ...] = (self.rows,) if self.trains_projector else ()
        identity = DataIdentity(self._fingerprint(), token_table_fingerprint(self.vocabulary))
        self.trainer = Trainer(
            self.training_recipe, self.model, self.vocabulary, self.documents, data=identity, beside=beside
        )

    @property
    def trains_projector(self) -> bool:
        """Whether the projector moves too."""
        return self.recipe.soft.trained != "lora"

    @property
    def trained_parameters(self) -> int:
        """Weights that an optimiser moves."""
        return sum(each.numel() for each in self.model.parameters() if each.requires_grad)

    def question(self, example: Example) -> Sequence[PartItem]:
        """Return the question of an example, its entity as places of vectors."""
        return shown_question(
            self.task.benchmark,
            example,
            as_positions(self.vectors.ids),
            paraphrases=self.recipe.task.paraphrases,
            seed=self.recipe.run.seed,
        )

    def tune(self, resume: bool = True) -> SoftTuningResult:
        """Train to the end, or until a signal asks for a stop; of a finished run, write the model and its projector.

        Raises
        ------
        ConfigurationError
            The output folder holds checkpoints and the run is not to be resumed, or they are of another run.
        """
        output = self.recipe.run.output
        told: dict[str, Any] = {"refused": self.lost + len(self.documents.refused), "split": self.task.split}
        with only_run(output, self.trainer.accelerator.is_main_process):
            if resume:
                self.trainer.resume()
            elif self.trainer.has_checkpoints:
                raise ConfigurationError(
                    f"{output} holds checkpoints of another run; resume it or choose another folder"
                )
            result = self.trainer.train()
            if result.finished:
                told |= {MODEL: output / MODEL, PROJECTOR: output / PROJECTOR}
                self.export(output)
        return SoftTuningResult(result, self.trained_parameters, len(self.documents), **told)

    def export(self, output: Path) -> None:
        """Write the merged decoder, as stock loaders open it, and the projector that belongs to it."""
        self.trainer.take_best()
        self.trainer.export(output / MODEL, torch.float32)
        self.trainer.export_adapter(output / "adapter")
        spec = keep_encoder(self.encoder, output / PROJECTOR)
        decoder_hash = folder_hash(output / MODEL)
        self.projector.record = tuned_record(
            self.projector, self.encoder, spec, self.base_hash, decoder_hash, self.recipe.task.name
        )
        with self.trainer.as_exported():
            self.projector.save_pretrained(output / PROJECTOR)

    def _with_vectors(self, examples: Sequence[Example]) -> tuple[tuple[Example, ...], int]:
        """Return the examples whose entity the encoder took, and the number of the others."""
        if not self.vectors.refused:
            return tuple(examples), 0
        kept = tuple(one for one in examples if self.encoder.key(subject(one)) not in self.vectors.refused)
        if not kept:
            raise ConfigurationError(
                f"the encoder took no entity of the task; the first was refused: {_first(self.vectors.refused)}"
            )
        return kept, len(examples) - len(kept)

    def _projector(self) -> Projector:
        soft = self.recipe.soft
        if soft.projector is not None:
            return aligned_projector(soft.projector, self.encoder, self.model)
        settings = ProjectorSettings(**{name: getattr(soft, name) for name in _FORM})
        entities = [subject(one) for one in self.train]
        return new_projector(
            self.encoder, self.vectors, entities, settings, self.model, self.vocabulary, self.recipe.run.seed
        )

    def _documents(self) -> ExchangeDocuments:
        exchanges = []
        for example in self.train:
            answer = gold_answer(self.task.benchmark, example)
            if answer is None:
                raise ConfigurationError(f"{self.task.benchmark.name}: the data hold no answer to {example.key}")
            exchanges.append((self.question(example), answer))
        return ExchangeDocuments(exchanges, self.vocabulary, self.recipe.batches.max_length)

    def _fingerprint(self) -> str:
        shown = [self.encoder.key(subject(self.train[number])) for number in self.documents.kept]
        settings = asdict(self.projector.settings)
        return self.documents.fingerprint(
            besides=(
                self.encoder.hash,
                self.projector.hash,
                f"{self.recipe.soft.trained} {settings}",
                *shown,
            )
        )


def soft_tune(recipe: SoftRecipe, *, resume: bool = True) -> SoftTuningResult:
    """Run a recipe to its end.

    Parameters
    ----------
    recipe : SoftRecipe
    resume : bool
        Go on from the newest checkpoint in the output folder, if there is one.

    Returns
    -------
    SoftTuningResult
        The decoder is in ``<output>/model``, its projector in ``<output>/projector``: open both with
        ``bm.load(model, soft=projector)``.
    """
    run = SoftRun(recipe)
    try:
        return run.tune(resume)
    finally:
        run.trainer.close()


def _first(refused: dict[str, BioMatrixError]) -> str:
    return next(iter(refused.values())).message
