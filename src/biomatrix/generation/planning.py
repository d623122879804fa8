"""From a request to the jobs of the decoding loop, checked in full before the model writes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Final

from biomatrix.entities.automaton import Bounds
from biomatrix.entities.constraint import Constraint
from biomatrix.entities.stopping import also_stopped_by
from biomatrix.errors import ConfigurationError, LimitError
from biomatrix.generation.completion import KnownEntities, kept_ids, kept_segment
from biomatrix.generation.guides import Guides
from biomatrix.generation.jobs import Guide, Job
from biomatrix.generation.lengths import Length, ends_of
from biomatrix.generation.requests import Narrower, Request
from biomatrix.generation.vectors import VECTORS, has_vectors
from biomatrix.vocabulary.chat import Turn
from biomatrix.vocabulary.segments import Segment
from biomatrix.vocabulary.vocabulary import Vocabulary

DEFAULT_NEW_TOKENS: Final = 512
_PAUSE_SECONDS: Final = 0.001
"""How long the guides are free, now and then amid a long search, for threads that wait for them."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A request as jobs.

    Parameters
    ----------
    request : Request
    opening : tuple of int
        The ids with which every answer begins: the start token of the output; empty for text.
    jobs : tuple of Job
        The first draft of each sample that can differ; ``best_of`` of them in turn for each.
    entities : KnownEntities
        What the answers may be about.
    judged : mapping of str to sequence
        Of an answer in several modalities, the constraints that the entity of each is judged by.
    """

    request: Request
    opening: tuple[int, ...]
    jobs: tuple[Job, ...]
    entities: KnownEntities
    judged: Mapping[str, Sequence[Constraint | Narrower]] = field(default_factory=dict)

    def finish(self, segments: Sequence[Segment]) -> list[Segment]:
        """Return the segments of an answer, structures under the labels of what they are about."""
        if len(self.request.outputs) > 1:
            return self.entities.complete_together(segments)
        return [self.entities.complete(segment) for segment in segments]


class Planner:
    """Plans requests for one vocabulary.

    Parameters
    ----------
    vocabulary : Vocabulary
    text : Guide
        The guide of answers in text.
    context_length : int
        The most tokens of prompt and answer together.
    guides : context manager, optional
        Held while guides are made and asked, where other threads do so too.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        text: Guide,
        context_length: int,
        guides: AbstractContextManager[Any] | None = None,
    ) -> None:
        self._guarded: AbstractContextManager[Any] = nullcontext() if guides is None else guides
        self._vocabulary = vocabulary
        self._guides = Guides(vocabulary, text)
        self._context_length = context_length

    def plan(self, request: Request) -> Plan:
        """Return the jobs of a request.

        Raises
        ------
        LimitError
            Prompt and answer exceed the context.
        ConfigurationError, VocabularyError
            The request cannot be met.
        """
        least = 0 if request.bounds is None else ends_of(request.bounds)[0]
        if least > self._context_length:
            raise LimitError(
                f"length {least:,} exceeds the model's context of {self._context_length:,} tokens",
                limit="context_length",
                actual=least,
                allowed=self._context_length,
            )
        _check_kinds(self._vocabulary, request)
        with self._guarded:
            judged = self._guides.takers(request) if len(request.outputs) > 1 else {}
            guide = self._guides.of(request)
        opening = tuple(self._vocabulary.start_id(name) for name in request.outputs[:1])
        prompt = (*prompt_ids(self._vocabulary, request), *opening)
        if has_vectors(prompt):
            VECTORS.held(prompt)  # or it is refused, before anything runs
        budget = self._budget(len(prompt), request, kept_tokens(self._vocabulary, request))
        with self._guarded, also_stopped_by(self._let_others):
            state = guide.start(Bounds(budget, _within(budget, request.bounds)))
        samples = range(1 if request.beams else request.different_samples * request.best_of)
        jobs = (Job(prompt, sample, guide, state, budget, request.sampling, request=request) for sample in samples)
        return Plan(request, opening, tuple(jobs), KnownEntities.from_request(self._vocabulary, request), judged)

    def _let_others(self) -> None:
        """Let other threads have the guides for a moment amid a long search."""
        self._guarded.__exit__(None, None, None)
        try:
            time.sleep(_PAUSE_SECONDS)  # a lock that is taken again at once is never seen free
        finally:
            self._guarded.__enter__()

    def check_room(self, prompt_tokens: int, tokens: int, what: str) -> None:
        """Raise LimitError where prompt and answer exceed the context; ``what`` names the answer in the message."""
        if prompt_tokens + tokens > self._context_length:
            raise LimitError(
                f"the prompt has {prompt_tokens:,} tokens and the {what} {tokens:,}, but the model reads at most "
                f"{self._context_length:,} together; shorten the prompt, write its entities in another modality, "
                "or ask for less",
                limit="context_length",
                actual=prompt_tokens + tokens,
                allowed=self._context_length,
            )

    def _budget(self, prompt_tokens: int, request: Request, kept: int) -> int:
        """Return the most tokens an answer may have; ``kept`` of each segment are known before."""
        limit = request.max_new_tokens
        if limit is not None:
            self.check_room(prompt_tokens, limit, "max_new_tokens")
            return limit
        least, most = (0, None) if request.bounds is None else ends_of(request.bounds)
        segments = max(len(request.outputs), 1)
        self.check_room(prompt_tokens, max(least, kept) + 1, "answer")
        room = self._context_length - prompt_tokens
        return min(room, segments * max(DEFAULT_NEW_TOKENS, 4 * max(kept, least if most is None else most) + 1))


def kept_tokens(vocabulary: Vocabulary, request: Request) -> int:
    """Return how many tokens the segment has that a request keeps; 0 where it keeps none."""
    kept = kept_segment(vocabulary, request)
    return 0 if kept is None else len(kept_ids(vocabulary, kept))


def _check_kinds(vocabulary: Vocabulary, request: Request) -> None:
    """Raise ConfigurationError where the modalities of one answer are of different kinds of entity."""
    kinds = {name: vocabulary.block(name).modality.kind for name in request.outputs}
    if len(set(kinds.values())) > 1:
        shown = ", ".join(f"{name} of a {kind}" for name, kind in kinds.items())
        raise ConfigurationError(f"an answer in several modalities is of one entity, but these are {shown}")


def _within(budget: int, length: Length | None) -> int | tuple[int, int] | None:
    """Return a length for an automaton, an open end closed where the budget ends."""
    if length is None or isinstance(length, int):
        return length
    least, most = length
    return least, max(least, budget) if most is None else most


def prompt_ids(vocabulary: Vocabulary, request: Request) -> list[int]:
    """Return the ids a prompt becomes; an empty document begins with the end-of-document token."""
    if not request.raw:
        system = [] if request.system is None else [Turn("system", [request.system])]
        return vocabulary.encode_chat([*system, *request.history, Turn("user", list(request.parts))])
    ids = vocabulary.encode(list(request.parts))
    if ids:
        return ids
    if not vocabulary.ending_ids:
        raise ConfigurationError("the prompt is empty and the tokenizer names no end token to begin from")
    return [vocabulary.ending_ids[-1]]
