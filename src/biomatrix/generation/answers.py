"""Typed answers: what the ids a model wrote spell, or why they spell nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from biomatrix.entities import Entity
from biomatrix.entities.check import Check
from biomatrix.errors import BioMatrixError
from biomatrix.vocabulary.segments import Failure, Segment
from biomatrix.vocabulary.vocabulary import Vocabulary

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True, eq=False)
class Answer:
    """One sample.

    Parameters
    ----------
    segments : tuple of Segment
        Its typed parts in order: text, entities, and failures with their reason.
    entity : Entity or None
        The asked-for entity; where text was asked for, the first entity in it. None where there is none.
    error : str or None
        Why there is no entity, or what is wrong with a part of the text; None where all is well.
    text : str
        The answer as text; entities as their tokens, control pair included.
    logprob : float
        Log-probability in nats of the tokens written, each among the ids that were allowed, at temperature 1.
    token_ids : tuple of int
        The ids, a start token that was given included.
    finish_reason : {"stop", "length"}
        Whether the answer is complete, or ran into max_new_tokens.
    vocabulary : Vocabulary
        What the ids mean.
    """

    segments: tuple[Segment, ...]
    entity: Entity | None
    error: str | None
    text: str
    logprob: float
    token_ids: tuple[int, ...]
    finish_reason: FinishReason
    vocabulary: Vocabulary

    @property
    def entity_modality(self) -> str | None:
        """The name of the modality the entity is written in; None without an entity."""
        if self.entity is None:
            return None
        return next((segment.modality for segment in self.segments if segment.value is self.entity), None)

    @cached_property
    def checks(self) -> list[Check]:
        """What is physically and chemically sound about the entity, one entry per check; empty without one."""
        if self.entity is None or self.entity_modality is None:
            return []
        try:
            return self.vocabulary.modality(self.entity_modality).check(self.entity)
        except BioMatrixError as error:
            return [Check("checks ran", None, detail=error.message)]

    def __repr__(self) -> str:
        said = self.error if self.entity is None and self.error else self.entity or self.text
        return f"Answer({said!r}, logprob={self.logprob:.2f})"


def read_answer(
    vocabulary: Vocabulary,
    ids: Sequence[int],
    *,
    output: str | None,
    logprob: float,
    complete: bool,
    finish: Callable[[Segment], Segment] | None = None,
) -> Answer:
    """Decode the ids of one answer. Never raises for what a model wrote: it says why in ``error``.

    Parameters
    ----------
    vocabulary : Vocabulary
        What the ids mean.
    ids : sequence of int
        The answer, without the prompt.
    output : str, optional
        The modality that was asked for; None for text.
    logprob : float
        Of the ids written.
    complete : bool
        Whether the answer came to its end.
    finish : callable, optional
        What is done to each segment once it is decoded, such as giving its entity the labels that are known.
    """
    segments = tuple(vocabulary.segments(ids, skip_special=True))
    if finish is not None:
        segments = tuple(map(finish, segments))
    wanted = [s for s in segments if output is None or s.modality == output]
    entity = next((s.value for s in wanted if not isinstance(s.value, str | Failure)), None)
    failure = next((s.value for s in wanted if isinstance(s.value, Failure)), None)
    error = None if failure is None else failure.reason
    if output is not None:
        error = None if entity is not None else (error or f"the answer holds no {output}")
    return Answer(
        segments=segments,
        entity=entity,
        error=error,
        text=_text(vocabulary, ids, segments),
        logprob=logprob,
        token_ids=tuple(ids),
        finish_reason="stop" if complete else "length",
        vocabulary=vocabulary,
    )


def _text(vocabulary: Vocabulary, ids: Sequence[int], segments: Sequence[Segment]) -> str:
    """Return the answer as text, the base's own special tokens left out."""
    parts = [s.value if isinstance(s.value, str) else vocabulary.text(ids[s.start : s.stop]) for s in segments]
    return "".join(parts)
