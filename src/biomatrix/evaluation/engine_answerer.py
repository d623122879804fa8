"""Answers of an engine over our vocabulary: in this process, in vLLM, or on a server."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from biomatrix.errors import BioMatrixError, ServerError
from biomatrix.evaluation.answering import Question, Reply
from biomatrix.generation.answers import Answer
from biomatrix.generation.engine import Engine
from biomatrix.generation.requests import Request
from biomatrix.generation.sampling import Sampling
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.vocabulary.token_table import token_table_fingerprint


class EngineAnswerer:
    """A model that reads and writes the tokens of entities.

    Parameters
    ----------
    engine : Engine
    name : str
        For tables.
    description : mapping
        What it was opened with.
    """

    def __init__(self, engine: Engine, name: str, description: Mapping[str, Any]) -> None:
        self.engine = engine
        self.name = name
        self._given = dict(description)

    @property
    def description(self) -> Mapping[str, Any]:
        """What the model was opened with, and the hashes of its weights and tokens where they are at hand."""
        return {
            **self._given,
            "model_hash": getattr(self.engine, "model_hash", None),
            "vocabulary_hash": token_table_fingerprint(self.engine.vocabulary),
            "parameters": getattr(self.engine, "num_parameters", None),
            "context_length": self.engine.context_length,
        }

    def prepare(self, benchmark: Benchmark, training: Iterable[Example]) -> None:
        """Learn nothing."""

    def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """Return a reply for each question; one that cannot be asked is replied to with its error.

        Raises
        ------
        ServerError
            The server is gone.
        """
        replies: list[Reply | None] = [None] * len(questions)
        requests: dict[int, Request] = {}
        for place, question in enumerate(questions):
            try:
                requests[place] = self._request(question)
            except BioMatrixError as error:
                replies[place] = Reply("", error=str(error))
        for place, reply in self._ask(requests).items():
            replies[place] = reply
        return [reply for reply in replies if reply is not None]

    def _request(self, question: Question) -> Request:
        decoding = question.benchmark.decoding
        return Request(
            question.prompt,  # type: ignore[arg-type]  # a template is filled with text and entities alone
            question.output,
            question.length,
            question.constraints,
            Sampling(decoding.temperature, decoding.top_p, decoding.temperature == 0, question.seed),
            max_new_tokens=decoding.max_new_tokens,
            guided=question.guided,
        )

    def _ask(self, requests: Mapping[int, Request]) -> dict[int, Reply]:
        """Return a reply for each request, asked together; those that are refused are found and left out."""
        replies: dict[int, Reply] = {}
        waiting = dict(requests)
        while waiting:
            begun = time.perf_counter()
            places = list(waiting)
            try:
                groups = self.engine.generate(list(waiting.values()))
            except ServerError:
                raise
            except BioMatrixError as error:
                refused = _refused(error, places)
                if refused is None:  # it does not say which one: each alone
                    for place, request in waiting.items():
                        replies |= self._ask({place: request})
                    return replies
                replies[refused] = Reply("", error=error.message)
                del waiting[refused]
                continue
            seconds = (time.perf_counter() - begun) / len(places)
            return replies | {place: _reply(group[0], seconds) for place, group in zip(places, groups, strict=True)}
        return replies


def _refused(error: BioMatrixError, places: Sequence[int]) -> int | None:
    """Return the place of the request that an error is about; None where it is about several."""
    if len(places) == 1:
        return places[0]
    number = error.record
    return places[number - 1] if isinstance(number, int) and 0 < number <= len(places) else None


def _reply(answer: Answer, seconds: float) -> Reply:
    return Reply(
        raw=answer.text,
        entity=answer.entity,
        checks={check.name: check.passed for check in answer.checks},
        seconds=seconds,
        logprob=answer.logprob,
    )
