"""What a user's own code answers, looked at before a run rests on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from biomatrix.entities.base_entity import Entity
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.evaluation.answering import Answerer, Question, Reply
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example

T = TypeVar("T")

_FIELDS: Final[Mapping[str, Any]] = {
    "raw": str,
    "entity": Entity | None,
    "error": str,
    "checks": Mapping,
    "seconds": int | float,
    "logprob": int | float,
}


def sound_reply(found: object) -> Reply:
    """Return a reply as the log can hold it; one that it cannot hold becomes a reply whose error says why.

    Examples
    --------
    >>> sound_reply(Reply(None)).error
    'the raw of the reply is a NoneType'
    """
    if not isinstance(found, Reply):
        return Reply("", error=f"a {type(found).__name__} was returned, not a Reply")
    for name, types in _FIELDS.items():
        if not isinstance(getattr(found, name), types):
            return Reply("", error=f"the {name} of the reply is a {type(getattr(found, name)).__name__}")
    try:
        checks = json.loads(json.dumps({str(name): each for name, each in found.checks.items()}, default=str))
        return replace(found, checks=checks, seconds=float(found.seconds), logprob=float(found.logprob))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return Reply("", error=f"a reply that cannot be kept: {error}")


def called(name: str, function: Callable[..., T], *arguments: Any) -> T:
    """Return what a user's code returns; ConfigurationError where it raises what is none of the package's errors."""
    try:
        return function(*arguments)
    except BioMatrixError:
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise ConfigurationError(f"{name} fails: {reason}") from error


class OutsideAnswerer:
    """A class of the user's that answers; what it does wrong is said in its name.

    Parameters
    ----------
    answerer : Answerer
    label : str
        What it was asked for by.

    Raises
    ------
    ConfigurationError
        Its name is no text, or its description no mapping.
    """

    def __init__(self, answerer: Answerer, label: str) -> None:
        self._answerer = answerer
        self._label = label
        self.name = answerer.name
        if not (isinstance(self.name, str) and self.name):
            raise ConfigurationError(f"{label}: its name is a {type(self.name).__name__}, not text")
        if not isinstance(answerer.description, Mapping):
            raise ConfigurationError(f"{label}: its description is a {type(answerer.description).__name__}, no mapping")

    @property
    def description(self) -> Mapping[str, Any]:
        """What it says of itself."""
        return self._answerer.description

    def prepare(self, benchmark: Benchmark, training: Iterable[Example]) -> None:
        """Let it learn from the training split."""
        called(f"{self._label}.prepare", self._answerer.prepare, benchmark, training)

    def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """Return a reply for each question.

        Raises
        ------
        ConfigurationError
            It fails, or does not reply to every question.
        """
        replies = called(f"{self._label}.answer", lambda: list(self._answerer.answer(questions)))
        if len(replies) != len(questions):
            raise ConfigurationError(f"{self._label} gives {len(replies)} replies to {len(questions)} questions")
        return [sound_reply(reply) for reply in replies]
