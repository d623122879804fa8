"""One run of soft tuning, from its recipe to a merged model with its projector beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import nn

from biomatrix.entities.encoder import Encoder
from biomatrix.errors import ConfigurationError
from biomatrix.generation.loading import model_folder
from biomatrix.generation.model_hash import folder_hash, model_hash
from biomatrix.soft.projector import Projector, ProjectorSettings
from biomatrix.soft.splicing import splice
from biomatrix.soft.tuning.documents import ExchangeDocuments
from biomatrix.soft.tuning.entity_vectors import EntityVectors
from biomatrix.soft.tuning.opening import aligned_projector, new_projector, start_near_answers
from biomatrix.soft.tuning.recipe import SoftRecipe
from biomatrix.soft.tuning.result import SoftTuningResult
from biomatrix.soft.tuning.showing import Show, as_vectors, shown_question
from biomatrix.soft.tuning.sources import TuningSource, open_encoders, shown_entities, with_vectors
from biomatrix.soft.tuning.task_data import TaskExamples, entities_of, read_task
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
HELD_OUT: Final = "held out"
"""The name of what is measured on, in the records of a run."""
_FORM: Final = ("layers", "width", "norm", "dropout", "learned")


class SoftRun:
    """What a recipe asks for, opened: vectors are on disk, the projector is in the decoder, the trainer is ready.

    Parameters
    ----------
    recipe : SoftRecipe

    Raises
    ------
    ConfigurationError, WeightsError
        The recipe, its task, its decoder, its encoders and its projectors do not fit together.

    Attributes
    ----------
    task : TaskExamples
    sources : dict of str to TuningSource
        Encoder, vectors and projector by kind of entity.
    rows : VectorRows
        Inside the decoder's embedding.
    documents : ExchangeDocuments
    trainer : Trainer
    """

    def __init__(self, recipe: SoftRecipe) -> None:
        self.recipe = recipe
        self.folder = model_folder(recipe.model.checkpoint)
        self.vocabulary = Vocabulary.from_pretrained(self.folder)
        self.task: TaskExamples = read_task(recipe.task)
        encoders = open_encoders(recipe.soft)
        shown = shown_entities((*self.task.train, *self.task.held_out, *self.task.test), encoders)
        vectors = {
            kind: EntityVectors(recipe.soft.vectors, encoder, shown[kind]) for kind, (encoder, _) in encoders.items()
        }
        self.training_recipe = recipe.training(self.folder)
        self.model: PreTrainedModel = build_model(self.training_recipe.model, self.vocabulary, recipe.run)
        self.base_hash = model_hash(self.model.named_parameters())
        self.train, faults = with_vectors(self.task.train, vectors)
        if not self.train:
            raise ConfigurationError(f"the encoders took no example of the task; the first: {faults[0].message}")
        self.lost = len(faults)
        self.sources = {
            kind: TuningSource(encoder, vectors[kind], self._projector(encoder, vectors[kind], aligned))
            for kind, (encoder, aligned) in encoders.items()
        }
        self.rows = VectorRows()
        for source in self.sources.values():
            source.vectors.give_out(self.rows, source.projector)
        self.documents = self._documents(self.train)
        held_out, _ = with_vectors(self.task.held_out, vectors)
        measured = {HELD_OUT: self._documents(held_out)} if held_out else {}
        splice(self.model, self.rows, self.trains_projector)
        if not self.trains_projector:
            for source in self.sources.values():
                source.projector.requires_grad_(False).eval()
        beside: tuple[nn.Module, ...] = (self.rows,) if self.trains_projector else ()
        identity = DataIdentity(self._fingerprint(), token_table_fingerprint(self.vocabulary))
        self.trainer = Trainer(
            self.training_recipe, self.model, self.vocabulary, self.documents, measured, identity, beside
        )

    @property
    def source(self) -> TuningSource:
        """The only source; ConfigurationError where there are several."""
        if len(self.sources) > 1:
            raise ConfigurationError(f"this run has several encoders, of {', '.join(self.sources)}: see sources")
        return next(iter(self.sources.values()))

    @property
    def trains_projector(self) -> bool:
        """Whether the projector moves too."""
        return self.recipe.soft.trained != "lora"

    @property
    def trained_parameters(self) -> int:
        """Weights that an optimiser moves."""
        return sum(each.numel() for each in self.model.parameters() if each.requires_grad)

    @property
    def show(self) -> Show:
        """How questions show entities."""
        return as_vectors({kind: source.vectors.ids for kind, source in self.sources.items()})

    def question(self, example: Example) -> Sequence[PartItem]:
        """Return the question of an example, its entities as places of vectors."""
        return shown_question(
            self.task.benchmark,
            example,
            self.show,
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
        result = self.run_training(resume)
        if result.finished:
            self.export(self.recipe.run.output)
        return self.told(result)

    def run_training(self, resume: bool = True) -> TrainingResult:
        """Train as :meth:`tune` does, and write nothing but checkpoints."""
        output = self.recipe.run.output
        with only_run(output, self.trainer.accelerator.is_main_process):
            if resume:
                self.trainer.resume()
            elif self.trainer.has_checkpoints:
                raise ConfigurationError(
                    f"{output} holds checkpoints of another run; resume it or choose another folder"
                )
            return self.trainer.train()

    def told(self, result: TrainingResult) -> SoftTuningResult:
        """Return how a run ended, with what is known of it here."""
        output = self.recipe.run.output
        told: dict[str, Any] = {"refused": self.lost + len(self.documents.refused), "split": self.task.split}
        if result.finished:
            told |= {MODEL: output / MODEL, PROJECTOR: output / PROJECTOR}
        return SoftTuningResult(result, self.trained_parameters, len(self.documents), **told)

    def export(self, output: Path) -> None:
        """Write the merged decoder, as stock loaders open it, and the projector that belongs to it."""
        self.trainer.take_best()
        self.trainer.export(output / MODEL, torch.float32)
        self.trainer.export_adapter(output / "adapter")
        decoder_hash = folder_hash(output / MODEL)
        with self.trainer.as_exported():
            for kind, source in self.sources.items():
                folder = output / PROJECTOR if len(self.sources) == 1 else output / PROJECTOR / kind
                source.save(folder, self.base_hash, decoder_hash, self.recipe.task.name)

    def _projector(self, encoder: Encoder, vectors: EntityVectors, aligned: Path | None) -> Projector:
        soft = self.recipe.soft
        if aligned is not None:
            return aligned_projector(aligned, encoder, self.model)
        settings = ProjectorSettings(**{name: getattr(soft, name) for name in _FORM})
        about = [(entity, one) for one in self.train for entity in entities_of(one) if entity.kind == encoder.kind]
        entities, seed = [entity for entity, _ in about], self.recipe.run.seed
        projector = new_projector(encoder, vectors, entities, settings, self.model, self.vocabulary, seed, soft.scaling)
        if soft.start == "ridge":
            answers = [self.answer(one) for _, one in about]
            start_near_answers(projector, vectors.matrix(entities), answers, self.model, self.vocabulary, seed)
        return projector

    def answer(self, example: Example) -> str:
        """Return the right answer to an example; ConfigurationError where the data hold none."""
        found = gold_answer(self.task.benchmark, example)
        if found is None:
            raise ConfigurationError(f"{self.task.benchmark.name}: the data hold no answer to {example.key}")
        return found

    def _documents(self, examples: Sequence[Example]) -> ExchangeDocuments:
        exchanges = [(self.question(one), self.answer(one)) for one in examples]
        return ExchangeDocuments(exchanges, self.vocabulary, self.recipe.batches.max_length)

    def _fingerprint(self) -> str:
        learned = [self.train[number] for number in self.documents.kept]
        besides = [f"{self.recipe.soft.trained}"]
        for kind, source in self.sources.items():
            besides += [source.encoder.hash, source.projector.hash, str(asdict(source.projector.settings))]
            entities = (entity for one in learned for entity in entities_of(one) if entity.kind == kind)
            besides += [source.encoder.key(entity) for entity in entities]
        return self.documents.fingerprint(besides=besides)
