"""What the prompt shows, handed back: the floor of editing and optimisation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.modality_registry import modality
from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.answering import Question, Reply
from biomatrix.evaluation.baselines.learned_answers import Described
from biomatrix.evaluation.baselines.likeness import with_modality
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.templates import placeholders


class Copying(Described):
    """Answers with the first entity of the prompt that is of the kind asked for, written as the answer shall be.

    It only copies what the prompt shows: of a chain that is shown as a structure there is no sequence to copy.
    """

    short_name: ClassVar[str] = "copy"
    settings: ClassVar[dict[str, Any]] = {}

    def prepare(self, benchmark: Benchmark, training: Iterable[Example]) -> None:
        """Learn nothing.

        Raises
        ------
        ConfigurationError
            The answer is no entity, so that there is nothing to copy.
        """
        if benchmark.task.output is None:
            raise ConfigurationError(f"{benchmark.name}: the answer is text, so no part of the prompt can be copied")

    def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """Return the copied entity, for each question.

        Raises
        ------
        ConfigurationError
            No question shows an entity of the kind that is asked for.
        """
        replies = [_copied(question) for question in questions]
        if replies and all(reply.error for reply in replies):
            raise ConfigurationError(f"{questions[0].benchmark.name}: {replies[0].error}")
        return replies


def _copied(question: Question) -> Reply:
    assert question.output is not None
    spelling = modality(question.output)
    for name in placeholders(question.benchmark.task.prompts[0]):
        entity = _shown(question, name, spelling.kind)
        if entity is not None and spelling.accepts(entity):
            return Reply(spelling.start_token + "".join(spelling.encode(entity)) + spelling.end_token)
    return Reply("", error=f"the prompt shows no {spelling.kind} that could be copied")


def _shown(question: Question, name: str, kind: str) -> Entity | None:
    """Return the entity of a placeholder as the prompt shows it, None where that is another kind or text."""
    value = question.example.fields[name]
    if isinstance(value, str):
        return None
    entity, written = with_modality(value, name)
    if entity.kind != kind:
        return None
    if written and modality(written).needs_structure != modality(str(question.output)).needs_structure:
        return None
    return entity
