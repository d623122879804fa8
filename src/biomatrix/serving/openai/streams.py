"""Completions as streams: chunks while the model writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, cast

from biomatrix.generation.answers import Answer
from biomatrix.generation.events import Event, Finished, Refused, text_of
from biomatrix.generation.stop_strings import StopFilter
from biomatrix.serving.openai.choices import usage
from biomatrix.serving.openai.forms import Form
from biomatrix.serving.problems import Problem
from biomatrix.serving.wishes import about_constraints

if TYPE_CHECKING:
    from collections.abc import Generator

    from biomatrix.generation.requests import Request
    from biomatrix.serving.opening import Opened


def chunks(
    form: Form, opened: Opened, requests: list[Request], seed: int, with_usage: bool
) -> Iterator[dict[str, Any]]:
    """Yield the chunks of every request, one after another; closing this stops the writing.

    Raises
    ------
    Problem
        A draft was refused after a part of it had been sent: no chunk can take it back.
    """
    head = form.head(opened, seed, chunk=True)
    answers: list[Answer] = []
    index = 0
    for request in requests:
        for choice in _choices(form, opened, request, index, answers):
            yield {**head, "choices": [choice], **({"usage": None} if with_usage else {})}
        index += request.num_samples
    if with_usage:
        yield {**head, "choices": [], "usage": usage(opened.service.model.engine, requests, answers)}


def _choices(
    form: Form, opened: Opened, request: Request, first: int, answers: list[Answer]
) -> Iterator[dict[str, Any]]:
    vocabulary = opened.service.model.vocabulary
    filters = [StopFilter(form.stops) for _ in range(request.num_samples)]
    sent = [False] * request.num_samples
    with about_constraints(form.asked.constraints):
        events = opened.service.model.engine.stream(request)
    with closing(cast("Generator[Event]", events)):
        begun_with = list(islice(events, 1))  # what cannot be written is refused before anything is sent
        for sample in range(request.num_samples):
            begun = form.opening(first + sample)
            if begun is not None:
                yield begun
        for event in chain(begun_with, events):
            sample = event.sample
            if isinstance(event, Refused):
                if sent[sample]:
                    raise _taken_back(event.reason)
                filters[sample] = StopFilter(form.stops)
                continue
            if isinstance(event, Finished):
                yield from _finished(form, event, filters[sample], sent[sample], first)
                answers.append(event.answer)
                continue
            piece = filters[sample].read(text_of(event, vocabulary))
            if piece:
                sent[sample] = True
                yield form.piece(piece, first + sample)


def _finished(form: Form, event: Finished, stop: StopFilter, sent: bool, first: int) -> Iterator[dict[str, Any]]:
    """Yield the end of an answer; one that stands for another's (greedy samples are equal) is sent whole."""
    index = first + event.sample
    rest = stop.rest() if sent or event.sample == event.answer.sample else stop.read(event.answer.text) + stop.rest()
    if rest:
        yield form.piece(rest, index)
    yield form.ending(event.answer, index, "stop" if stop.found else event.answer.finish_reason)


def _taken_back(reason: str) -> Problem:
    message = f"the draft that was being sent is refused ({reason}); ask again without stream, or with another seed"
    return Problem(422, "refused_draft", message)
