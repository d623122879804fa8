"""One entrant of the comparison: how it shows an entity, what of it is trained, and what came of it."""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from biomatrix.entities.cell.modalities.expression import CellExpression
from biomatrix.entities.kind_registry import kind_of
from biomatrix.generation.loading import model_folder
from biomatrix.soft.encoders import open_encoder
from biomatrix.soft.projector import ProjectorSettings
from biomatrix.soft.splicing import splice
from biomatrix.soft.tuning.documents import ExchangeDocuments
from biomatrix.soft.tuning.entity_vectors import EntityVectors
from biomatrix.soft.tuning.judging import answered
from biomatrix.soft.tuning.opening import new_projector
from biomatrix.soft.tuning.showing import Show, as_positions, as_text, as_tokens, both, shown_question
from biomatrix.soft.tuning.task_data import TaskExamples, subject
from biomatrix.soft.vector_rows import VectorRows
from biomatrix.tasks.benchmarks.answers import gold_answer
from biomatrix.training.config import Recipe
from biomatrix.training.identity import DataIdentity
from biomatrix.training.loop import Trainer
from biomatrix.training.model import build_model
from biomatrix.vocabulary import Vocabulary
from biomatrix.vocabulary.token_table import token_table_fingerprint
from soft_entrants.contest_tasks import TASKS, examples_of

EXTENDED = {"cell_expression"}
"""Modalities that the decoder's own vocabulary lacks, whose tokens are added."""


@dataclass(frozen=True)
class Entrant:
    """A way in.

    Parameters
    ----------
    name : str
    parts : int
        Vectors of an entity; 0 for none.
    tokens, text : bool
        Whether it is shown as discrete tokens, as text.
    rows : bool
        Whether the embedding rows of modality tokens are trained beside the adapter.
    """

    name: str
    parts: int = 0
    tokens: bool = False
    text: bool = False
    rows: bool = False


ENTRANTS: dict[str, Entrant] = {
    one.name: one
    for one in (
        Entrant("soft, k=1", parts=1),
        Entrant("soft, k=4", parts=4),
        Entrant("discrete, LoRA", tokens=True),
        Entrant("discrete, LoRA and new rows", tokens=True, rows=True),
        Entrant("both, k=1", parts=1, tokens=True, rows=True),
        Entrant("text only", text=True),
    )
}


@dataclass(frozen=True)
class Settings:
    """What all entrants share; kept runs are found again by it."""

    shared: str
    output: str
    task: str
    entrant: str
    seed: int
    updates: int
    minutes: float | None = None
    batch: int = 16
    rate: float = 2e-3
    rank: int = 8
    genes: int = 50
    longest: int = 256
    most_train: int | None = None
    most_test: int | None = None
    checkpoint: str = "nano"
    threads: int = 1


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Parameters
    ----------
    scores : mapping of str to float
    steps : int
    seconds : float
        Of training.
    trained : int
        Parameters that moved.
    tokens : float
        Positions of the decoder that a prompt spends on the entity, in the mean.
    answer_seconds : float
        For one answer.
    memory : float
        GiB of the process at its most.
    unread : float
        The share of answers that the parser refused.
    writes : bool
        Whether the entrant could be asked to write the modality it reads.
    """

    scores: dict[str, float]
    steps: int
    seconds: float
    trained: int
    tokens: float
    answer_seconds: float
    memory: float
    unread: float
    writes: bool
    notes: dict[str, Any] = field(default_factory=dict)


def contest(settings: Settings) -> Outcome:
    """Train an entrant and ask it."""
    torch.set_num_threads(settings.threads)
    task = TASKS[settings.task]
    examples = fitting(examples_of(task, Path(settings.shared), settings.most_train, settings.most_test), settings)
    entrant = ENTRANTS[settings.entrant]
    folder = model_folder(settings.checkpoint)
    vocabulary = vocabulary_of(Vocabulary.from_pretrained(folder), task.modality, examples, settings.genes)
    recipe = recipe_of(settings, entrant, folder)
    model = build_model(recipe.model, vocabulary, recipe.run)
    ways: list[Show] = []
    beside: tuple[nn.Module, ...] = ()
    if entrant.parts:
        rows, show = soft_way(settings, entrant, examples, model, vocabulary)
        splice(model, rows, trained=True)
        ways.append(show)
        beside = (rows,)
    ways += [as_tokens(task.modality)] if entrant.tokens else []
    ways += [as_text(texts_of(examples, settings))] if entrant.text else []
    show = both(*ways)
    exchanges = [
        (shown_question(examples.benchmark, one, show), str(gold_answer(examples.benchmark, one)))
        for one in examples.train
    ]
    documents = ExchangeDocuments(exchanges, vocabulary, recipe.batches.max_length)
    width = -(-int(documents.lengths.max()) // 8) * 8
    recipe = exact_batches(recipe, width, settings.batch)
    identity = DataIdentity(documents.fingerprint(besides=[settings.entrant]), token_table_fingerprint(vocabulary))
    trainer = Trainer(recipe, model, vocabulary, documents, data=identity, beside=beside)
    trained = sum(each.numel() for each in model.parameters() if each.requires_grad)
    if entrant.rows:
        table: Any = model.get_input_embeddings()
        trained -= table.weight.numel() - len(vocabulary.new_ids) * table.weight.shape[1]
    trainer.resume()
    result = trainer.train()
    if not result.finished:
        raise SystemExit(f"stopped at step {result.step}; give the same command to go on")
    questions = [shown_question(examples.benchmark, one, show) for one in examples.test]
    begun = time.perf_counter()
    found = answered(model, vocabulary, examples.benchmark, examples.test, questions, task.answer)
    spent = (time.perf_counter() - begun) / len(questions)
    bare = [shown_question(examples.benchmark, one, lambda *_: ("",)) for one in examples.test]
    return Outcome(
        {name: score.value for name, score in found.scores.items()},
        result.step,
        trainer.state.elapsed_seconds,
        trained,
        found.tokens - mean_length(bare, vocabulary),
        spent,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        found.unread / len(questions),
        entrant.tokens,
        {"split": examples.split, "train": len(documents), "test": len(questions), "refused": len(documents.refused)},
    )


def fitting(examples: TaskExamples, settings: Settings) -> TaskExamples:
    """Leave out what is long as text or has no answer, so that every entrant has the same examples."""
    texts = texts_of(examples, settings)

    def fits(one: Any) -> bool:
        entity = subject(one)
        shown = texts.get(getattr(entity, "name", "")) or kind_of(entity).text(entity)
        return len(shown) <= settings.longest or bool(texts)

    kept = [tuple(one for one in side if fits(one)) for side in (examples.train, examples.test)]
    return TaskExamples(examples.benchmark, kept[0], kept[1], examples.split, examples.left_out)


def texts_of(examples: TaskExamples, settings: Settings) -> dict[str, str]:
    """Return the text of each cell: its first genes, as symbols; nothing for entities that are text themselves."""
    if TASKS[settings.task].modality not in EXTENDED:
        return {}
    about = {one.key: subject(one) for one in (*examples.train, *examples.test)}
    return {key: " ".join(kind_of(one).text(one).split()[: settings.genes]) for key, one in about.items()}


def vocabulary_of(base: Vocabulary, modality: str, examples: TaskExamples, genes: int) -> Vocabulary:
    """Return the decoder's vocabulary, with the tokens of the modality where it lacks them: genes of training cells."""
    if modality not in EXTENDED:
        return base
    cells: list[Any] = [subject(one) for one in examples.train]
    seen = sorted({str(gene) for cell in cells for gene in cell.genes})
    written = CellExpression("genes", k=genes, depth=False, genes=seen)
    return Vocabulary.build(base.tokenizer, modalities=[written])


def soft_way(
    settings: Settings, entrant: Entrant, examples: TaskExamples, model: Any, vocabulary: Vocabulary
) -> tuple[VectorRows, Show]:
    """Return the rows of vectors, with a new projector, and how prompts show entities by them."""
    kept = Path(settings.output) / "encoders"
    encoder = open_encoder(TASKS[settings.task].encoder_spec(examples, kept, entrant.parts))
    about = [subject(one) for one in (*examples.train, *examples.test)]
    vectors = EntityVectors(Path(settings.output) / "vectors", encoder, about)
    projector = new_projector(
        encoder, vectors, about[: len(examples.train)], ProjectorSettings(), model, vocabulary, settings.seed
    )
    rows = VectorRows()
    vectors.give_out(rows, projector)
    return rows, as_positions(vectors.ids)


def recipe_of(settings: Settings, entrant: Entrant, folder: Path) -> Recipe:
    """Return the trainer's recipe; batches are set once the longest document is known."""
    name = f"{settings.task}-{entrant.name}-{settings.seed}-{settings.updates}-{settings.minutes}"
    run: dict[str, Any] = {
        "output": str(Path(settings.output) / "runs" / "".join(c if c.isalnum() else "-" for c in name)),
        "seed": settings.seed, "threads": settings.threads, "save_every": 50, "keep": 1, "log_every": 10,
    }  # fmt: skip
    run |= {"max_steps": settings.updates} if settings.minutes is None else {"max_minutes": settings.minutes}
    return Recipe.model_validate(
        {
            "model": {"vocabulary": str(folder), "checkpoint": str(folder), "initialisation": "description"},
            "data": {"train": "unused"},
            "batches": {"tokens": 2048, "max_length": 2048},
            "optimiser": {"peak_lr": settings.rate, "warmup_steps": 10},
            "tuning": {"mode": "lora", "rank": settings.rank, "new_rows": entrant.rows},
            "run": run,
        }
    )


def exact_batches(recipe: Recipe, width: int, examples: int) -> Recipe:
    """Return a recipe whose batches hold so many documents each: the same ones, whatever their length."""
    batches = recipe.batches.model_copy(update={"tokens": width * examples, "max_length": width, "buckets": (width,)})
    return recipe.model_copy(update={"batches": batches})


def mean_length(questions: Sequence[Any], vocabulary: Vocabulary) -> float:
    """Return the mean number of ids of questions."""
    from biomatrix.soft.tuning.documents import question_ids

    ids = question_ids(questions, vocabulary)
    return sum(map(len, ids)) / len(ids)


def as_values(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON values."""
    return asdict(outcome)
