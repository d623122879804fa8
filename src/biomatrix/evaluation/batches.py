"""Asking: the questions of a run in batches of like length, each batch logged before the next begins."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import BioMatrixError
from biomatrix.evaluation.answer_log import AnswerLog, Entry, Place
from biomatrix.evaluation.answering import Answerer, Question, Reply
from biomatrix.evaluation.plain_text import shown_prompt
from biomatrix.evaluation.rows import Rows
from biomatrix.evaluation.settings import Settings
from biomatrix.progress import Progress, silent_progress
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.wording import question_parts
from biomatrix.tasks.documents import PartItem

_EVERY: Final = 5.0
"""Seconds between two messages of progress."""


@dataclass(frozen=True, eq=False)
class Ask:
    """A question with its place in a run, or why there is none."""

    place: Place
    key: str
    seed: int
    question: Question | None
    fault: str = ""


def asks(benchmark: Benchmark, rows: Rows, settings: Settings) -> Iterator[Ask]:
    """Yield every question of every run: row by row, all samples of a row one after another."""
    for run in range(settings.seeds):
        for row, (example, occurrence) in enumerate(zip(rows.examples, rows.occurrences, strict=True)):
            seed = settings.seed + run
            try:
                wording = question_parts(
                    benchmark, example, settings.notation, paraphrase=settings.paraphrase, seed=seed
                )
            except BioMatrixError as error:
                faulty = Ask(Place(run, row, 0), example.key, seed, None, error.message)
                yield from (replace(faulty, place=Place(run, row, n)) for n in range(benchmark.decoding.num_samples))
                continue
            asked = Question(benchmark, example, wording.prompt, wording.output, guided=settings.constrained)
            if settings.constrained:
                asked = replace(asked, length=wording.length, constraints=wording.constraints)
            for sample in range(benchmark.decoding.num_samples):
                drawn = question_seed(benchmark.name, example.key, occurrence, seed, sample)
                yield Ask(Place(run, row, sample), example.key, drawn, replace(asked, seed=drawn))


def question_seed(benchmark: str, key: str, occurrence: int, seed: int, sample: int) -> int:
    """Return the seed of one question, a whole number of 63 bits: it depends on nothing that is asked beside it."""
    text = f"{benchmark}\0{key}\0{occurrence}\0{seed}\0{sample}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) >> 1


def ask_all(waiting: Sequence[Ask], answerer: Answerer, log: AnswerLog, batch: int, progress: Progress) -> None:
    """Ask what waits, the longest questions first, and log each batch as it is answered."""
    unaskable = [ask for ask in waiting if ask.question is None]
    if unaskable:
        log.add([_entry(ask, Reply("", error=ask.fault)) for ask in unaskable])
        progress.advance(len(unaskable))
    ordered = sorted((ask for ask in waiting if ask.question is not None), key=_longest_first)
    for start in range(0, len(ordered), batch):
        chunk = ordered[start : start + batch]
        begun = time.perf_counter()
        with silent_progress():
            replies = answerer.answer([ask.question for ask in chunk if ask.question is not None])
        share = (time.perf_counter() - begun) / len(chunk)
        log.add([_entry(ask, _timed(reply, share)) for ask, reply in zip(chunk, replies, strict=True)])
        progress.advance(len(chunk))


def progress_of(benchmark: Benchmark, answerer: Answerer, total: int) -> Progress:
    """Return what tells how far a run is, its rate and the time left."""
    return Progress(f"{benchmark.name}, {answerer.name}", total, "answers", _EVERY)


def _longest_first(ask: Ask) -> tuple[int, Place]:
    prompt = () if ask.question is None else ask.question.prompt
    return -sum(_length(part) for part in prompt), ask.place


def _length(part: PartItem) -> int:
    """Return about how long a part of a prompt is: characters of text, or of the line that says what an entity is."""
    if isinstance(part, str):
        return len(part)
    entity = part[0] if isinstance(part, tuple) else part
    return len(kind_of(entity).text(entity)) if isinstance(entity, Entity) else 0


def _timed(reply: Reply, seconds: float) -> Reply:
    return replace(reply, seconds=seconds) if math.isnan(reply.seconds) else reply


def _entry(ask: Ask, reply: Reply) -> Entry:
    prompt = "" if ask.question is None else shown_prompt(ask.question.prompt)
    return Entry(ask.place, ask.key, ask.seed, prompt, reply)
