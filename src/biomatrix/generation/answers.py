"""Typed answers: what the ids of a model spell, or why they spell nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from biomatrix.entities import Entity
from biomatrix.entities.check import Check
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import UnsupportedError
from biomatrix.generation.answer_checks import checks_of_answer
from biomatrix.trust import Level, Relaxation, relax
from biomatrix.trust.evidence import NO_EVIDENCE, Evidence
from biomatrix.trust.text_checks import AskedNumber
from biomatrix.vocabulary.segments import Failure, Segment
from biomatrix.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from biomatrix.generation.confidence import SegmentConfidence
    from biomatrix.trust.confidence import Confidence

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True, eq=False)
class Answer:
    """One answer of a model: one sample of a request.

    Parameters
    ----------
    segments : tuple of Segment
        Its typed parts in order: text, entities, and failures with their reason.
    entity : Entity or None
        The entity of the output modality; for an answer in text, the first entity in it. None where there is none.
    error : str or None
        Why there is no entity, or what is wrong with a part of the text; None where all is well.
    text : str
        The answer as text; entities as their tokens, control pair included.
    token_ids : tuple of int
        The ids, including the start token that a request for a modality begins with.
    token_logprobs : tuple of float
        Log-probability in nats of each of them among the allowed ids, at temperature 1; 0 for an id that was given.
    finish_reason : {"stop", "length"}
        Whether the answer is complete, or the budget of tokens ended it.
    vocabulary : Vocabulary
        What the ids mean.
    notes : tuple of str
        What the entities of the prompt lost when they were written for the model, such as that one is a racemate.
    refused : tuple of str
        Why each draft written before this one was refused: it decoded to nothing, or broke a constraint.
    given : int
        How many of the first ids were given, not written.
    hastened : bool
        Whether the model ended a segment while a ring or branch was open, so that it was finished in the shortest way.
    candidates : int
        How many answers this one is the best of.
    score : float or None
        By which it was chosen among them; None where it was the only one, or has an error.
    value : float, bool, str or None
        What an answer in text says, where a constraint told what it is about: a number, yes or no, a choice.
    level : {"fast", "full", "off"}
        Which checks :attr:`checks` makes.
    reference : Entity, optional
        What these hold it against, such as the molecule whose structure was asked for.
    number : AskedNumber, optional
        The number that the text should hold, as the request says.
    label_probabilities : tuple of float
        Of an answer that was chosen among the labels of a calibration: the probability of each, as the model states it.
    relaxation : Relaxation or None
        What was done to the entity after the model wrote it; None where nothing was.
    evidence : Evidence
        What the other samples of the request say, and a calibration.
    sample : int
        Its number among those samples.
    """

    segments: tuple[Segment, ...]
    entity: Entity | None
    error: str | None
    text: str
    token_ids: tuple[int, ...]
    token_logprobs: tuple[float, ...]
    finish_reason: FinishReason
    vocabulary: Vocabulary
    notes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    given: int = 0
    hastened: bool = False
    candidates: int = 1
    score: float | None = None
    value: float | bool | str | None = None
    level: Level = "fast"
    reference: Entity | None = None
    relaxation: Relaxation | None = None
    evidence: Evidence = NO_EVIDENCE
    sample: int = 0
    number: AskedNumber | None = None
    label_probabilities: tuple[float, ...] = ()

    @property
    def logprob(self) -> float:
        """Log-probability in nats of the tokens that the model wrote: the sum of :attr:`token_logprobs`."""
        return sum(self.token_logprobs)

    @property
    def entity_modality(self) -> str | None:
        """The name of the modality in which the entity is written; None without an entity."""
        if self.entity is None:
            return None
        return next((segment.modality for segment in self.segments if segment.value is self.entity), None)

    @cached_property
    def checks(self) -> list[Check]:
        """Whether the answer is sound, one entry for each check of :attr:`level`: see :meth:`check`."""
        return self.check(self.level, self.reference)

    def check(
        self, level: Level = "full", reference: Entity | None = None, number: AskedNumber | None = None
    ) -> list[Check]:
        """Return whether the answer is sound: see :func:`biomatrix.generation.answer_checks.checks_of_answer`."""
        return checks_of_answer(self, level, reference, self.number if number is None else number)

    def relaxed(self, method: str, checks: Level = "fast") -> Relaxation:
        """Return the entity relaxed, with its checks before and after; :func:`biomatrix.trust.relax` says more.

        Raises
        ------
        UnsupportedError
            The answer holds no entity.
        """
        if self.entity is None:
            raise UnsupportedError(f"there is no entity to relax: {self.error or 'the answer is text'}")
        return relax(self.entity, method, checks)

    def with_relaxed(self, method: str) -> Answer:
        """Return the answer with its entity relaxed, and with what that did as :attr:`relaxation`; raises as above."""
        done = self.relaxed(method, self.level)
        noted = kind_of(done.entity).noted(done.entity, (done.summary,))
        segments = tuple(replace(one, value=noted) if one.value is self.entity else one for one in self.segments)
        return replace(self, entity=noted, segments=segments, relaxation=done)

    @cached_property
    def confidence(self) -> Confidence:
        """How sure one may be of the answer, and why to doubt it; as text, one line."""
        from biomatrix.generation.confidence import confidence_of

        return confidence_of(self)

    def segment_confidence(self) -> list[SegmentConfidence]:
        """Return how likely the model found each segment, and each residue or atom in it."""
        from biomatrix.generation.confidence import segment_confidences

        return segment_confidences(self)

    def __repr__(self) -> str:
        content = self.error if self.entity is None and self.error else self.entity or self.text
        return f"Answer({content!r}, logprob={self.logprob:.2f})"


def read_answer(
    vocabulary: Vocabulary,
    ids: Sequence[int],
    *,
    output: str | Sequence[str] | None,
    logprobs: Sequence[float],
    complete: bool,
    segments: Sequence[Segment] | None = None,
    notes: tuple[str, ...] = (),
    given: int = 0,
) -> Answer:
    """Decode the ids of one answer. Nothing that a model writes makes it raise: ``error`` says what is wrong.

    Parameters
    ----------
    vocabulary : Vocabulary
        What the ids mean.
    ids : sequence of int
        The answer, without the prompt.
    output : str or sequence of str, optional
        The modality of the request, or several in order; none for text.
    logprobs : sequence of float
        Log-probability of each id in nats, 0 for an id that was given.
    complete : bool
        Whether the answer reached its end.
    segments : sequence of Segment, optional
        What the ids spell, where they were decoded together with others or changed since, such as to give an entity
        the labels that the request shows: their :meth:`Vocabulary.segments_each` without special tokens.
    notes : tuple of str
        What a reader of the answer should know about the prompt.
    given : int
        How many of the first ids were given.
    """
    parts = tuple(vocabulary.segments(ids, skip_special=True) if segments is None else segments)
    outputs = (output,) if isinstance(output, str) else tuple(output or ())
    error = _fault_of(parts, outputs)
    entity = None if error is not None and outputs else _entity_of(parts, outputs)
    return Answer(
        segments=parts,
        entity=entity,
        error=error,
        text=_text(vocabulary, ids, parts),
        token_ids=tuple(ids),
        token_logprobs=tuple(logprobs),
        finish_reason="stop" if complete else "length",
        vocabulary=vocabulary,
        notes=notes,
        given=given,
    )


def _fault_of(segments: Sequence[Segment], outputs: Sequence[str]) -> str | None:
    """Return what is wrong with an answer: a part that spells nothing, or a modality that is missing."""
    failure = next((s.value.reason for s in segments if isinstance(s.value, Failure)), None)
    if failure is not None:
        return failure
    written = {segment.modality for segment in segments}
    return next((f"the answer holds no {name}" for name in outputs if name not in written), None)


def _entity_of(segments: Sequence[Segment], outputs: Sequence[str]) -> Entity | None:
    """Return the entity of the last output; in text the first one."""
    wanted = [s.value for s in segments if not outputs or s.modality == outputs[-1]]
    return next((value for value in wanted if isinstance(value, Entity)), None)


def _text(vocabulary: Vocabulary, ids: Sequence[int], segments: Sequence[Segment]) -> str:
    """Return the answer as text without the base tokenizer's own special tokens."""
    parts = [s.value if isinstance(s.value, str) else vocabulary.text(ids[s.start : s.stop]) for s in segments]
    return "".join(parts)
