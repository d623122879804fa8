"""From what jobs wrote to typed answers, and whether a draft of one is refused."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.constraint import Constraint
from biomatrix.entities.kind_registry import kind_of
from biomatrix.entities.registration import Kind
from biomatrix.errors import BioMatrixError
from biomatrix.generation.answers import Answer, read_answer
from biomatrix.generation.jobs import Written
from biomatrix.generation.lengths import length_fault
from biomatrix.generation.planning import Plan
from biomatrix.generation.segments_automaton import SegmentsAutomaton
from biomatrix.generation.text_answers.text_constraint import TextConstraint
from biomatrix.vocabulary.segments import Failure, Segment
from biomatrix.vocabulary.vocabulary import Vocabulary


class AnswerReader:
    """Reads the answers to plans.

    Parameters
    ----------
    vocabulary : Vocabulary
        What the ids mean.
    guides : context manager, optional
        Held while guides are asked, where other threads do so too.
    """

    def __init__(self, vocabulary: Vocabulary, guides: AbstractContextManager[Any] | None = None) -> None:
        self._vocabulary = vocabulary
        self._guarded: AbstractContextManager[Any] = nullcontext() if guides is None else guides

    def read_each(self, plans: Sequence[Plan], written: Sequence[Written]) -> list[Answer]:
        """Return the answer that each job wrote; entities of one modality, in all of them, are decoded in one batch.

        What is wrong with an answer is its ``error``; nothing that a model writes makes this raise.
        """
        whole = [(*plan.opening, *one.ids) for plan, one in zip(plans, written, strict=True)]
        spelled = self._vocabulary.segments_each(whole, skip_special=True)
        return [self._answer(*row) for row in zip(plans, written, spelled, strict=True)]

    def refusal(self, answer: Answer) -> str | None:
        """Return why a draft is refused, None where it is kept.

        A draft that the budget of tokens cut short is kept, and so is one whose codes belong to a structure tokenizer
        that is missing: another one would be no better.
        """
        if answer.finish_reason == "length" or answer.error is None:
            return None
        failed = [one.modality for one in answer.segments if isinstance(one.value, Failure) and one.modality]
        return answer.error if all(map(self._is_readable, failed)) else None

    def _is_readable(self, modality: str) -> bool:
        try:
            self._vocabulary.modality(modality)
        except BioMatrixError:
            return False
        return True

    def _answer(self, plan: Plan, written: Written, segments: Sequence[Segment]) -> Answer:
        answer = read_answer(
            self._vocabulary,
            (*plan.opening, *written.ids),
            output=plan.request.outputs,
            logprobs=(*(0.0 for _ in plan.opening), *written.logprobs),
            complete=written.complete,
            segments=plan.finish(segments),
            notes=plan.entities.losses,
            given=len(plan.opening),
        )
        number = None if plan.request.outputs else plan.request.number
        answer = replace(answer, hastened=written.hastened, number=number)
        answer = replace(answer, finish_reason="stop") if written.stopped else answer
        with self._guarded:
            unbound = _unbound(plan, written)
        if unbound is not None:
            return replace(answer, entity=None, error=unbound)
        if answer.error is not None:
            return answer
        asked = next((wish for wish in plan.request.wishes if isinstance(wish, TextConstraint)), None)
        if asked is not None:
            return _with_value(answer, asked)
        fault = self._broken_rule(plan, answer)
        return answer if fault is None else replace(answer, entity=None, error=fault)

    def _broken_rule(self, plan: Plan, answer: Answer) -> str | None:
        """Return how a sound answer breaks what was asked of it beyond its output."""
        if answer.entity is None:
            return None
        several = len(plan.request.outputs) > 1
        for segment in answer.segments if several else ():
            fault = _broken_wish(plan.judged.get(str(segment.modality), ()), segment.value)
            if fault is not None:
                return f"its {segment.modality}: {fault}"
        fault = None if several else _broken_wish(plan.request.wishes, answer.entity)
        return fault or self._wrong_length(plan, answer) or (_disagreement(answer) if several else None)

    def _wrong_length(self, plan: Plan, answer: Answer) -> str | None:
        """Return how the first segment misses the length, which not every narrowed guide keeps."""
        length = plan.request.bounds
        if length is None:
            return None
        first = next(one for one in answer.segments if one.modality == plan.request.outputs[0])
        return length_fault(length, self._vocabulary.block(str(first.modality)).modality.length(first.tokens))


def _unbound(plan: Plan, written: Written) -> str | None:
    """Return why a segment of an answer in several could not follow from those before it."""
    job = plan.jobs[0]
    if not written.complete or not isinstance(job.guide, SegmentsAutomaton):
        return None
    found = job.guide.unbound(written.ids, job.budget)
    if found is None:
        return None
    place, reason = found
    return f"no {plan.request.outputs[place]} follows from what is before it: {reason}"


def _broken_wish(wishes: Sequence[object], value: object) -> str | None:
    """Return how an entity breaks the first constraint that it breaks."""
    if not isinstance(value, Entity):
        return None
    for wish in wishes:
        if isinstance(wish, Constraint):
            try:
                fault = wish.fault(value)
            except BioMatrixError as error:
                fault = f"{wish.name}: {error.message}"
            if fault is not None:
                return fault
    return None


def _disagreement(answer: Answer) -> str | None:
    """Return how two segments are of different entities, where they should be one entity in several modalities."""
    if answer.entity is None or type(kind_of(answer.entity)).agree is Kind.agree:
        return None  # a kind that does not say when modalities agree: one of them may carry less than the other
    shown = [one for one in answer.segments if isinstance(one.value, Entity) and one.value is not answer.entity]
    for one in shown:
        if isinstance(one.value, Entity) and answer.entity is not None and one.value.kind == answer.entity.kind:
            checks = kind_of(answer.entity).agree(one.value, answer.entity)
            failed = [check.name for check in checks if check.passed is False]
            if failed:
                return f"its {one.modality} and its {answer.entity_modality} differ: {', '.join(failed)}"
    return None


def _with_value(answer: Answer, asked: TextConstraint) -> Answer:
    """Return an answer in text with what it says, or why it says nothing of the kind."""
    try:
        return replace(answer, value=asked.value(answer.text.strip()))
    except BioMatrixError as error:
        return replace(answer, error=error.message)
