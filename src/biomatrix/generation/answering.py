"""What every engine does around its network: plans, drafts written again, typed answers, events of a stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import replace
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from biomatrix.errors import BioMatrixError, ConfigurationError, LimitError, UnsupportedError
from biomatrix.generation.answers import Answer
from biomatrix.generation.checked import checked_whole
from biomatrix.generation.drafts import Draft, best_answer, by_soundness, write_drafts
from biomatrix.generation.events import Event, Finished, Refused
from biomatrix.generation.jobs import BeamWriter, Job, ScoringWriter, StatesWriter, Writer, Written
from biomatrix.generation.planning import Plan, Planner, prompt_ids
from biomatrix.generation.reading import AnswerReader
from biomatrix.generation.requests import Prompt, Request
from biomatrix.generation.resolving import PromptResolver, resolved, resolved_each
from biomatrix.generation.scoring import Score
from biomatrix.generation.stopping_rows import StoppingRows, stops_of, write_to_stops
from biomatrix.generation.streaming import EventReader
from biomatrix.generation.text_automaton import TextAutomaton
from biomatrix.generation.vectors import has_vectors
from biomatrix.vocabulary.encoding import checked_items
from biomatrix.vocabulary.tables import Deferred, Positions
from biomatrix.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_ROWS: Final = 1 << 20


class AnsweringEngine:
    """An engine over anything that writes jobs: see :class:`biomatrix.generation.engine.Engine` for its methods.

    A subclass makes its writer and its vocabulary and hands them over; nothing else is needed. A writer that is also a
    :class:`~biomatrix.generation.jobs.ScoringWriter`, a :class:`~biomatrix.generation.jobs.BeamWriter` or a
    :class:`~biomatrix.generation.jobs.StatesWriter` serves scores, beams and hidden states; without, they are refused.

    Parameters
    ----------
    writer : Writer
        Writes jobs.
    vocabulary : Vocabulary
        What the ids mean.
    context_length : int
        The most tokens of prompt and answer together.
    guides : context manager, optional
        Held while guides are made and asked, where other threads do so too.
    """

    max_rows: ClassVar[int] = 64
    """The most samples written together where a call does not say."""

    def __init__(
        self,
        writer: Writer,
        vocabulary: Vocabulary,
        context_length: int,
        guides: AbstractContextManager[Any] | None = None,
    ) -> None:
        self._writer = writer
        self._guarded = guides
        self.vocabulary = vocabulary
        self._context_length = context_length
        self.resolver: PromptResolver | None = None
        """What turns deferred parts of prompts into items; without it they are refused."""

    def resolving(self, resolver: PromptResolver) -> Self:
        """Return an engine over the same network, by the same writer, that understands deferred parts of prompts.

        Raises
        ------
        UnsupportedError
            Its writer sends token ids, and reads no vectors.
        """
        self._check_vectors()
        engine = copy(self)
        engine.resolver = resolver
        return engine

    @property
    def context_length(self) -> int:
        """The most tokens of prompt and answer together."""
        return self._context_length

    def generate(self, requests: Sequence[Request], *, max_rows: int | None = None) -> list[list[Answer]]:
        """Return ``num_samples`` answers for each request; see :class:`biomatrix.generation.engine.Engine`."""
        rows = self.max_rows if max_rows is None else checked_whole(max_rows, "max_rows", 1, _MOST_ROWS)
        plans = self._plans(requests)
        drawn = [Draft(plan, job) for plan in plans if plan.request.beams is None for job in plan.jobs]
        answers = iter(write_drafts(drawn, lambda jobs: self._write(jobs, rows), self._reader))
        groups = []
        for plan in plans:
            if plan.request.beams is not None:
                groups.append(self._search(plan, rows))
                continue
            of_samples = [next(answers) for _ in plan.jobs]
            width = plan.request.best_of
            sets = (of_samples[start : start + width] for start in range(0, len(of_samples), width))
            group = [best_answer(candidates, plan.request.scorer) for candidates in sets]
            groups.append(group * (plan.request.num_samples // len(group)))
        return groups

    def stream(self, request: Request) -> Iterator[Event]:
        """Yield the answers of a request while they are written; see :mod:`biomatrix.generation.events`.

        Raises
        ------
        ConfigurationError
            The request asks for the best of several answers, which is known once all are written.
        """
        if request.best_of > 1 or request.beams is not None:
            name = "beams" if request.beams is not None else "best_of"
            raise ConfigurationError(f"{name} cannot be streamed: which answer is best is known once all are written")
        (plan,) = self._plans([request])
        return self._events(plan)

    def score(self, request: Request, continuation: Prompt) -> Score:
        """Return how likely a continuation is, in nats; embedding rows without a token take no probability."""
        request = resolved(request, self.resolver)
        before = prompt_ids(self.vocabulary, request)
        if any(isinstance(item, Deferred | Positions) for item in checked_items(continuation)):
            raise UnsupportedError("a continuation is tokens: a vector can be read in a prompt, and not be written")
        if has_vectors(before):
            self._check_vectors()
        after = self.vocabulary.encode(continuation)
        if not after:
            raise ConfigurationError("the continuation is empty; nothing to score")
        self._planner.check_room(len(before), len(after), "continuation")
        if not isinstance(self._writer, ScoringWriter):
            raise UnsupportedError(f"a {type(self).__name__} does not tell how likely given tokens are")
        tokens = tuple(self._writer.token_logprobs(before, after))
        return Score(float(sum(tokens)), tokens, tuple(after))

    def hidden_states(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Return the last hidden state, after the final norm, at each id of one document: ``float32 [T, D]``.

        Raises
        ------
        LimitError
            More ids than the model's context.
        UnsupportedError
            The writer has no network here.
        """
        if len(ids) > self.context_length:
            raise LimitError(
                f"{len(ids):,} tokens, but the model reads at most {self.context_length:,}",
                limit="context_length",
                actual=len(ids),
                allowed=self.context_length,
            )
        if not isinstance(self._writer, StatesWriter):
            raise UnsupportedError(f"a {type(self).__name__} does not tell hidden states")
        return self._writer.hidden_states(ids)

    # Drawing

    def _write(self, jobs: Sequence[Job], rows: int) -> Sequence[Written]:
        """Return what each job wrote; where one may end at a stop string, by reading what is written as it comes."""
        if any(stops_of(job) for job in jobs):
            return write_to_stops(self._writer, self.vocabulary, jobs, rows)
        return self._writer.write(jobs, rows)

    def _events(self, plan: Plan) -> Iterator[Event]:
        drafts = [Draft(plan, job) for job in plan.jobs]
        while drafts:
            again: list[Draft] = []
            readers = [self._event_reader(draft) for draft in drafts]
            rows = StoppingRows(self._writer, self.vocabulary, [draft.job for draft in drafts])
            first = list(islice(rows.tokens, 1))  # a writer that refuses does so before any event
            for job, reader in enumerate(readers):
                for id_ in plan.opening:
                    yield from rows.watched(job, reader.read(id_))
            for token in chain(first, rows):
                reader = readers[token.job]
                yield from rows.watched(token.job, reader.read(token.id))
                written = rows.took(token)
                if written is not None:
                    yield from reader.flush()
                    yield from self._end_of(drafts[token.job], written, again)
            drafts = again

    def _end_of(self, draft: Draft, written: Written, again: list[Draft]) -> Iterator[Event]:
        """Yield the last event of a draft; one that is written again is added to ``again``."""
        plan = draft.plan
        answer = replace(self._reader.read_each([plan], [written])[0], refused=draft.refused)
        reason = None if written.stopped else self._reader.refusal(answer)
        if reason is not None and not draft.is_last:
            again.append(draft.again(reason))
            yield Refused(reason, draft.job.sample)
            return
        for sample in range(draft.job.sample, plan.request.num_samples, plan.request.different_samples):
            yield Finished(answer, sample)

    def _event_reader(self, draft: Draft) -> EventReader:
        return EventReader(self.vocabulary, lambda segment: draft.plan.finish([segment])[0], draft.job.sample)

    def _search(self, plan: Plan, rows: int) -> list[Answer]:
        """Return the likeliest answers that beams find; those that are refused come after the others."""
        if not isinstance(self._writer, BeamWriter):
            raise UnsupportedError(
                f"a {type(self).__name__} searches no beams; draw answers, or choose the best of some"
            )
        beams = plan.request.beams or 1
        (job,) = plan.jobs
        found = self._writer.write_beams(job, beams, beams, rows)
        ranked = by_soundness(self._reader.read_each([plan] * len(found), found), self._reader)
        return ranked[: plan.request.num_samples]

    # Planning and reading

    @cached_property
    def _planner(self) -> Planner:
        text = TextAutomaton.from_vocabulary(self.vocabulary)
        return Planner(self.vocabulary, text, self.context_length, self._guarded)

    @cached_property
    def _reader(self) -> AnswerReader:
        return AnswerReader(self.vocabulary, self._guarded)

    def _plans(self, requests: Sequence[Request]) -> list[Plan]:
        plans = []
        for number, request in enumerate(resolved_each(requests, self.resolver), start=1):
            try:
                if isinstance(request, BioMatrixError):
                    raise request
                plans.append(self._planner.plan(request))
                if has_vectors(plans[-1].jobs[0].prompt):
                    self._check_vectors()
            except BioMatrixError as error:
                raise (error.at(record=number) if len(requests) > 1 else error) from None
        return plans

    def _check_vectors(self) -> None:
        """Raise UnsupportedError where the writer reads no vectors in prompts."""
        if not getattr(self._writer, "reads_vectors", False):
            raise UnsupportedError(
                f"a {type(self).__name__} sends token ids, and a vector in a prompt has none; ask a model in this "
                "process, or give the entity as tokens"
            )
