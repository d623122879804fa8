"""Typed answers: what the ids of a model spell, or why they spell nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from biomatrix.entities import Entity
from biomatrix.entities.check import Check
from biomatrix.errors import BioMatrixError
from biomatrix.trust.evidence import NO_EVIDENCE, Evidence
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
    evidence: Evidence = NO_EVIDENCE
    sample: int = 0

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
        """Physical and chemical checks of the entity, one entry each; empty without an entity."""
        if self.entity is None or self.entity_modality is None:
            return []
        try:
            return self.vocabulary.modality(self.entity_modality).check(self.entity)
        except BioMatrixError as error:
            return [Check("checks ran", None, detail=error.message)]

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
    output: str | None,
    logprobs: Sequence[float],
    complete: bool,
    segments: Sequence[Segment] | None = None,
    finish: Callable[[Segment], Segment] | None = None,
    notes: tuple[str, ...] = (),
) -> Answer:
    """Decode the ids of one answer. Nothing that a model writes makes it raise: ``error`` says what is wrong.

    Parameters
    ----------
    vocabulary : Vocabulary
        What the ids mean.
    ids : sequence of int
        The answer, without the prompt.
    output : str, optional
        The modality of the request; None for text.
    logprobs : sequence of float
        Log-probability of each id in nats, 0 for an id that was given.
    complete : bool
        Whether the answer reached its end.
    segments : sequence of Segment, optional
        What the ids spell, where they were decoded together with others: their :meth:`Vocabulary.segments_each`
        without special tokens.
    finish : callable, optional
        Applied to each decoded segment, such as to give its entity the labels that the request shows.
    notes : tuple of str
        What a reader of the answer should know about the prompt.
    """
    parts = tuple(vocabulary.segments(ids, skip_special=True) if segments is None else segments)
    if finish is not None:
        parts = tuple(map(finish, parts))
    candidates = [s for s in parts if output is None or s.modality == output]
    entity = next((s.value for s in candidates if not isinstance(s.value, str | Failure)), None)
    failure = next((s.value for s in candidates if isinstance(s.value, Failure)), None)
    error = None if failure is None else failure.reason
    if output is not None:
        error = None if entity is not None else (error or f"the answer holds no {output}")
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
    )


def _text(vocabulary: Vocabulary, ids: Sequence[int], segments: Sequence[Segment]) -> str:
    """Return the answer as text without the base tokenizer's own special tokens."""
    parts = [s.value if isinstance(s.value, str) else vocabulary.text(ids[s.start : s.stop]) for s in segments]
    return "".join(parts)
