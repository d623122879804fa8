"""A function of the user's as a model: ``package.module:function``."""

from __future__ import annotations

import hashlib
import inspect
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from biomatrix.entities.kind_registry import load_attribute
from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.answering import Answerer, Question, Reply
from biomatrix.evaluation.outside_answers import OutsideAnswerer, called, sound_reply
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example

Answers: TypeAlias = Callable[[Question], Any]
"""Returns text or a Reply."""


class FunctionAnswerer:
    """A function that takes a question and returns what it answers.

    Parameters
    ----------
    function : callable
        Takes a :class:`~biomatrix.evaluation.answering.Question` (see
        :func:`biomatrix.evaluation.plain_text.question_text` for its words) and returns text, or a
        :class:`~biomatrix.evaluation.answering.Reply`. What it raises becomes the error of the reply.
    name : str
        For tables.
    """

    def __init__(self, function: Answers, name: str) -> None:
        self.name = name
        self._function = function

    @property
    def description(self) -> Mapping[str, Any]:
        """The function by its name, and a hash of its text where Python has it."""
        try:
            text = inspect.getsource(self._function)
        except (OSError, TypeError):
            text = ""
        return {"engine": "function", "source_hash": hashlib.sha256(text.encode()).hexdigest() if text else None}

    def prepare(self, benchmark: Benchmark, training: Iterable[Example]) -> None:
        """Learn nothing; a class with a ``prepare`` of its own is taken as it is."""

    def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """Return a reply for each question."""
        return [self._reply(question) for question in questions]

    def _reply(self, question: Question) -> Reply:
        begun = time.perf_counter()
        try:
            found = self._function(question)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # the code is the user's: one row ends no run
            return Reply("", error=f"{type(error).__name__}: {error}")
        seconds = time.perf_counter() - begun
        if not isinstance(found, str | Reply):
            return Reply("", error=f"the function returned a {type(found).__name__}, not text")
        if isinstance(found, str):  # perhaps of a class whose own `__str__` fails
            found = Reply(str.__str__(found), seconds=seconds)
        return sound_reply(found)


def open_function(name: str) -> Answerer:
    """Return what ``package.module:name`` names as an answerer: a function, or a class or object that is one.

    Raises
    ------
    ConfigurationError
        It cannot be imported, or is neither.
    """
    found: Any = load_attribute(name, here=True)
    if inspect.isclass(found):
        found = called(name, found)
    if all(hasattr(found, each) for each in ("name", "description", "prepare", "answer")):
        return OutsideAnswerer(found, name)
    if not callable(found):
        raise ConfigurationError(f"{name} is a {type(found).__name__}; name a function of a question")
    return FunctionAnswerer(found, name)
