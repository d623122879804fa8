"""Deferred parts of prompts, turned into items before anything is planned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from biomatrix.errors import BioMatrixError
from biomatrix.generation.requests import Request
from biomatrix.vocabulary.chat import Turn
from biomatrix.vocabulary.items import as_items
from biomatrix.vocabulary.tables import Deferred, Item


class PromptResolver(Protocol):
    """Turns the deferred parts of prompts into items that a vocabulary takes."""

    def check_model(self, model_hash: str) -> None:
        """Raise ConfigurationError where it belongs to other weights than those with this hash."""
        ...

    def hash_of(self, parts: Sequence[Deferred]) -> str:
        """Return what tells apart that which turns these parts into items; "" where there is none."""
        ...

    def resolve_each(self, parts: Sequence[Deferred]) -> list[Item | BioMatrixError]:
        """Return an item for each part, or why there is none, in order; what it returns is that of the part alone."""
        ...


def resolved(request: Request, resolver: PromptResolver | None) -> Request:
    """Return a request without deferred parts.

    Raises
    ------
    BioMatrixError
        A part has no item here, such as where there is no resolver.
    """
    (found,) = resolved_each([request], resolver)
    if isinstance(found, BioMatrixError):
        raise found
    return found


def resolved_each(requests: Sequence[Request], resolver: PromptResolver | None) -> list[Request | BioMatrixError]:
    """Return each request without deferred parts, or why that cannot be; those of all are turned together."""
    parts = [part for request in requests for part in _deferred(request)]
    if not parts:
        return list(requests)
    items: list[Item | BioMatrixError] = (
        [part.refusal() for part in parts] if resolver is None else resolver.resolve_each(parts)
    )
    found = iter(items)
    return [_with_items(request, [next(found) for _ in _deferred(request)]) for request in requests]


def _deferred(request: Request) -> Iterator[Deferred]:
    """Yield the deferred parts of a request: of the turns before, then of the prompt."""
    for turn in request.history:
        yield from (item for item in as_items(turn.content) if isinstance(item, Deferred))
    yield from (part for part in request.parts if isinstance(part, Deferred))


def _with_items(request: Request, items: Sequence[Item | BioMatrixError]) -> Request | BioMatrixError:
    error = next((item for item in items if isinstance(item, BioMatrixError)), None)
    if error is not None:
        return error
    if not items:
        return request
    found = iter([item for item in items if not isinstance(item, BioMatrixError)])

    def without(parts: Sequence[Item]) -> list[Item]:
        return [next(found) if isinstance(part, Deferred) else part for part in parts]

    history = [Turn(turn.role, without(as_items(turn.content))) for turn in request.history]
    return replace(request, prompt=without(request.parts), history=history)
