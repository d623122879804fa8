"""Watching one call of an operation from outside: how much is written, and stopping it within a token."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from biomatrix.entities.stopping import stopped_by
from biomatrix.errors import LimitError
from biomatrix.serving.limits import seconds_past

if TYPE_CHECKING:
    from biomatrix.generation.answers import Answer
    from biomatrix.generation.engine import Engine
    from biomatrix.generation.events import Event
    from biomatrix.generation.requests import Prompt, Request
    from biomatrix.generation.scoring import Score
    from biomatrix.serving.service import Service


class Stopped(Exception):
    """Whoever asked for the work no longer wants it.

    No BioMatrixError, so that nothing takes it for a fault of one entity.
    """


class Watch:
    """What is known of a call from outside, and the means to stop it; safe to use from any thread.

    Parameters
    ----------
    seconds : float, optional
        How long the call may write; LimitError at the next token after that.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._begun = time.monotonic()
        self._stopped = threading.Event()
        self.tokens = 0
        """Tokens written so far, drafts that were refused included."""

    @property
    def taken(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._begun

    def stop(self) -> None:
        """Let the call end at its next token."""
        self._stopped.set()

    def check(self) -> None:
        """Raise Stopped where the call was stopped, LimitError where its time is over."""
        if self._stopped.is_set():
            raise Stopped
        if self._seconds is not None and self.taken > self._seconds:
            raise LimitError(
                f"the answer took longer than {self._seconds:g} s, which this server allows one; ask for fewer samples "
                "or a shorter answer",
                limit="seconds",
                actual=seconds_past(self.taken, self._seconds),
                allowed=self._seconds,
            )


class WatchedEngine:
    """An engine whose writing is counted and can be stopped; it answers as the engine it wraps does.

    One request is written as a stream, which gives the same answers and, closed early, frees its rows at once. What
    cannot be streamed (the best of several, beams, several requests together) is written whole; a shared model
    stops that too, another ends it first.

    Parameters
    ----------
    engine : Engine
    watch : Watch
    """

    def __init__(self, engine: Engine, watch: Watch) -> None:
        self._engine = engine
        self._watch = watch
        self.vocabulary = engine.vocabulary

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    @property
    def context_length(self) -> int:
        """The most tokens of prompt and answer together."""
        return self._engine.context_length

    def generate(self, requests: Sequence[Request], *, max_rows: int | None = None) -> list[list[Answer]]:
        """Return ``num_samples`` answers for each request, in order."""
        self._watch.check()
        if len(requests) == 1 and requests[0].best_of == 1 and requests[0].beams is None:
            return [self._written(requests[0])]
        with stopped_by(self._watch.check):
            groups = self._engine.generate(requests, max_rows=max_rows)
        self._watch.tokens += sum(len(answer.token_ids) for group in groups for answer in group)
        self._watch.check()
        return groups

    def _written(self, request: Request) -> list[Answer]:
        from biomatrix.generation.events import Finished

        ended = [event for event in self.stream(request) if isinstance(event, Finished)]
        answers = [event.answer for event in sorted(ended, key=lambda event: event.sample)]
        return answers * (request.num_samples // len(answers))  # of equal (greedy) samples one is written

    def stream(self, request: Request) -> Iterator[Event]:
        """Yield the events of a request, as long as nobody stops it."""
        from biomatrix.generation.events import SegmentToken, TextPiece

        self._watch.check()
        with stopped_by(self._watch.check):
            events: Any = self._engine.stream(request)  # which plans it
        with closing(events):
            while (event := self._next(events)) is not None:
                self._watch.tokens += int(isinstance(event, SegmentToken | TextPiece))
                self._watch.check()
                yield event

    def _next(self, events: Iterator[Event]) -> Event | None:
        """Return the next event; it can be stopped while it is waited for. Nothing is left set between events."""
        with stopped_by(self._watch.check):
            return next(events, None)

    def score(self, request: Request, continuation: Prompt) -> Score:
        """Return how likely a continuation of the request's prompt is, in nats."""
        self._watch.check()
        return self._engine.score(request, continuation)


def watched(service: Service, watch: Watch) -> Service:
    """Return the same service, whose model is watched."""
    from biomatrix.generation.model import Model

    model = service.model
    return replace(service, model=Model(WatchedEngine(model.engine, watch), model.name))
