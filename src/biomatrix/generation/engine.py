"""What runs a model: the protocol that PyTorch, a server or a test implements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from biomatrix.generation.answers import Answer
from biomatrix.generation.events import Event
from biomatrix.generation.requests import Prompt, Request
from biomatrix.generation.scoring import Score
from biomatrix.vocabulary.vocabulary import Vocabulary


class Engine(Protocol):
    """Answers requests over one vocabulary. An answer does not depend on what it was batched with."""

    vocabulary: Vocabulary

    @property
    def context_length(self) -> int:
        """The most tokens of prompt and answer together."""
        ...

    def generate(self, requests: Sequence[Request], *, max_rows: int | None = None) -> list[list[Answer]]:
        """Return ``num_samples`` answers for each request, in order.

        Parameters
        ----------
        requests : sequence of Request
            They may differ in everything.
        max_rows : int, optional
            The most samples written together; changes speed and memory only. An engine with a scheduler of its own may
            ignore it.

        Raises
        ------
        BioMatrixError
            A request cannot be met; of several requests, the error names the number as the record.
        """
        ...

    def stream(self, request: Request) -> Iterator[Event]:
        """Yield the answers of a request while they are written; the last event of each sample holds its answer."""
        ...

    def score(self, request: Request, continuation: Prompt) -> Score:
        """Return how likely a continuation of the request's prompt is, in nats."""
        ...
