"""Drafts: what a sample wrote until one was kept, and which of several kept ones is the best."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from biomatrix.errors import ConfigurationError
from biomatrix.generation.answers import Answer
from biomatrix.generation.checked import shown
from biomatrix.generation.jobs import Job, Written
from biomatrix.generation.planning import Plan
from biomatrix.generation.reading import AnswerReader
from biomatrix.generation.requests import Scorer


@dataclass(frozen=True, eq=False)
class Draft:
    """One draft of one sample, about to be written.

    Parameters
    ----------
    plan : Plan
    job : Job
        Its own numbers to draw are those of ``job.draft``.
    refused : tuple of str
        Why each draft of the sample before this one was refused.
    """

    plan: Plan
    job: Job
    refused: tuple[str, ...] = ()

    @property
    def is_last(self) -> bool:
        """Whether the sample has no further draft."""
        return len(self.refused) + 1 >= self.plan.request.most_drafts

    def again(self, reason: str) -> Draft:
        """Return the next draft: other random numbers, and never greedy."""
        sampling = self.job.sampling
        if sampling.is_greedy:
            sampling = replace(sampling, greedy=False)
            sampling = replace(sampling, temperature=1.0) if sampling.is_greedy else sampling
        job = replace(self.job, draft=self.job.draft + 1, sampling=sampling)
        return Draft(self.plan, job, (*self.refused, reason))


def write_drafts(
    drafts: Sequence[Draft], write: Callable[[Sequence[Job]], Sequence[Written]], reader: AnswerReader
) -> list[Answer]:
    """Return the answer of each draft; those refused are written again, all of them together, until none is left.

    Parameters
    ----------
    drafts : sequence of Draft
        The first of each sample.
    write : callable
        Returns what each of some jobs wrote.
    reader : AnswerReader
        Reads and refuses.

    Returns
    -------
    list of Answer
        In the order of the drafts. One whose last draft is refused too holds that draft, its ``error`` the reason.
    """
    kept: dict[int, Answer] = {}
    pending = dict(enumerate(drafts))
    while pending:
        written = write([draft.job for draft in pending.values()])
        answers = reader.read_each([draft.plan for draft in pending.values()], written)
        again = {}
        for (place, draft), answer, one in zip(pending.items(), answers, written, strict=True):
            reason = None if one.stopped else reader.refusal(answer)
            if reason is None or draft.is_last:
                kept[place] = replace(answer, refused=draft.refused)
            else:
                again[place] = draft.again(reason)
        pending = again
    return [kept[place] for place in range(len(drafts))]


def best_answer(answers: Sequence[Answer], scorer: Scorer | None) -> Answer:
    """Return the answer with the highest score, of equals the first; one with an error only where all have one.

    Parameters
    ----------
    answers : sequence of Answer
        At least one.
    scorer : callable, optional
        The mean log-probability per written token when not given. NaN is lower than any number.

    Raises
    ------
    ConfigurationError
        The scorer returns no number.
    """
    if len(answers) == 1:
        return answers[0]
    rate = scorer or mean_logprob
    scores = [None if answer.error is not None else _number(rate(answer), rate) for answer in answers]
    ranked = max(range(len(answers)), key=lambda place: (scores[place] is not None, scores[place] or 0.0, -place))
    return replace(answers[ranked], candidates=len(answers), score=scores[ranked])


def mean_logprob(answer: Answer) -> float:
    """Return the mean log-probability in nats of the tokens that the model wrote; 0 where it wrote none."""
    return answer.logprob / max(len(answer.token_ids) - answer.given, 1)


def by_soundness(answers: Iterable[Answer], reader: AnswerReader) -> list[Answer]:
    """Return ranked answers, those that are refused behind the others; the first says why those were passed over."""
    kept: list[Answer] = []
    refused: list[Answer] = []
    for answer in answers:
        (kept if reader.refusal(answer) is None else refused).append(answer)
    if kept:
        kept[0] = replace(kept[0], refused=tuple(str(answer.error) for answer in refused))
    return [*kept, *refused]


def _number(score: object, scorer: Scorer) -> float:
    try:
        value = float(score)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        name = getattr(scorer, "__name__", type(scorer).__name__)
        raise ConfigurationError(
            f"the scorer {name} returned {shown(score)}; it takes an answer and returns a number, more for a better one"
        ) from None
    return -math.inf if math.isnan(value) else value
