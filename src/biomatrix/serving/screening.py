"""A laboratory's own rule over what a model is asked: off unless the operator names a function.

The function stands between every way in (API, conversations, agents' tools, jobs) and the model: what is to be
answered, scored or embedded. It takes the whole :class:`~biomatrix.generation.requests.Request`, whose ``parts`` hold
the text and the entities and whose ``outputs`` name what is asked for, and returns None to let it pass or one line that
says why it is refused. What is scored stands behind the parts of its request; what is embedded is a raw request of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from biomatrix.entities.kind_registry import load_attribute
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.generation.requests import Request
from biomatrix.vocabulary.chat import Turn
from biomatrix.vocabulary.items import as_items
from biomatrix.vocabulary.segments import Failure
from biomatrix.vocabulary.tables import Deferred, Item

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from biomatrix.generation.answers import Answer
    from biomatrix.generation.engine import Engine
    from biomatrix.generation.events import Event
    from biomatrix.generation.requests import Prompt
    from biomatrix.generation.resolving import PromptResolver
    from biomatrix.generation.scoring import Score

Screen: TypeAlias = "Callable[[Request], str | None]"


class ScreenedError(BioMatrixError):
    """A request that the laboratory's own rule refuses."""


def load_screen(home: str) -> Screen:
    """Return the function that ``module:function`` names; ConfigurationError where it names none."""
    found = load_attribute(home, here=True)
    if not callable(found):
        raise ConfigurationError(f"{home!r} is a {type(found).__name__}, no function that screens requests")
    screen: Screen = found
    return screen


class ScreenedEngine:
    """An engine that asks a function before it answers, scores or embeds; all else is the engine's own.

    Parameters
    ----------
    engine : Engine
    screen : callable
        Takes a request, and returns why it is refused or None.
    name : str
        What the refusal calls the rule.
    """

    def __init__(self, engine: Engine, screen: Screen, name: str) -> None:
        self._engine = engine
        self._screen = screen
        self._name = name

    def generate(self, requests: Sequence[Request], *, max_rows: int | None = None) -> list[list[Answer]]:
        """Return the answers; ScreenedError where a request is refused."""
        for request in requests:
            self._check(request)
        return self._engine.generate(requests, max_rows=max_rows)

    def stream(self, request: Request) -> Iterator[Event]:
        """Yield the answers while they are written; ScreenedError where the request is refused."""
        self._check(request)
        return self._engine.stream(request)

    def score(self, request: Request, continuation: Prompt) -> Score:
        """Return how likely a continuation is; ScreenedError where the request, continued by it, is refused."""
        self._check(replace(request, prompt=[*request.parts, *as_items(continuation)]))
        return self._engine.score(request, continuation)

    def hidden_states(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Return hidden states; ScreenedError where what the ids spell, as a document, is refused."""
        vocabulary = self._engine.vocabulary
        parts = [
            vocabulary.text(ids[one.start : one.stop]) if isinstance(one.value, Failure) else one.value
            for one in vocabulary.segments(ids, skip_special=True)
        ]
        self._check(Request(parts, raw=True))
        states: NDArray[np.float32] = self._engine.hidden_states(ids)  # type: ignore[attr-defined]
        return states

    def resolving(self, resolver: PromptResolver) -> ScreenedEngine:
        """Return the same over an engine that understands deferred parts of prompts."""
        return ScreenedEngine(self._engine.resolving(resolver), self._screen, self._name)  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def _check(self, request: Request) -> None:
        reason = self._screen(_in_plain_sight(request))
        if reason is not None:
            raise ScreenedError(f"refused by {self._name}: {reason}")


def _in_plain_sight(request: Request) -> Request:
    """Return a request whose entities are seen, also those that the model is shown as vectors."""
    before = [as_items(turn.content) for turn in request.history]
    if not any(isinstance(item, Deferred) for items in (request.parts, *before) for item in items):
        return request
    history = [Turn(turn.role, _seen(items)) for turn, items in zip(request.history, before, strict=True)]
    return replace(request, prompt=_seen(request.parts), history=history)


def _seen(items: Sequence[Item]) -> list[Item]:
    found: list[Item] = []
    for item in items:
        found += list(item.entities) if isinstance(item, Deferred) and item.entities else [item]
    return found
