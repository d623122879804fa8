"""The definition of a task: a versioned pool of prompts, an answer, and how an answer is read and judged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from biomatrix.tasks.parsers import Expected, Value, parse_answer
from biomatrix.tasks.templates import placeholders


@dataclass(frozen=True)
class Task:
    """One instruction task.

    Parameters
    ----------
    name : str
        A stable name.
    prompts : tuple of str
        Paraphrases; the first is the one to use for a single question.
    answer : str
        The template of the answer that is learned.
    output : str or None
        The modality of the answer, None for text.
    version : int
        Raised when the wording changes: it is part of what a model has learned.
    parser : str
        How an answer becomes a value; a key of `biomatrix.tasks.parsers.PARSERS`.
    metric : str or None
        The metric that judges answers; a key of `biomatrix.tasks.metrics.METRICS`. None where there is none yet.
    unit : str
        The unit of the answer, where it is a number that has one.
    bounds : tuple of (float, float)
        The least and the most that a number can plausibly be, in its unit.
    choices : tuple of str
        The allowed answers, where it is one of several.
    measured : frozenset of str
        Fields that hold measured labels, some of which are held out apart from their entity.
    """

    name: str
    prompts: tuple[str, ...]
    answer: str
    output: str | None = None
    version: int = 1
    parser: str = "text"
    metric: str | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    measured: frozenset[str] = frozenset()
    bounds: tuple[float, float] = (-math.inf, math.inf)

    @cached_property
    def needs(self) -> frozenset[str]:
        """The placeholders of the answer and of all prompts."""
        return frozenset(name for text in (*self.prompts, self.answer) for name in placeholders(text))

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits of records that its held-out documents are drawn from."""
        return ("held_out", "held_out_label") if self.measured else ("held_out",)

    @property
    def content(self) -> list[object]:
        """Everything its documents depend on, as JSON values; they do not depend on parser and metric."""
        return ["task", self.name, self.version, list(self.prompts), self.answer]

    def parse(self, text: str) -> Value:
        """Return the value that an answer states.

        Raises
        ------
        ParseError, DecodeError, LimitError
            If it states none, or is too long.

        Examples
        --------
        >>> Task("weigh", ("How heavy is {molecule}",), "{weight}", parser="number", unit="g/mol").parse("46.1 g/mol")
        46.1
        """
        return parse_answer(self.parser, text, Expected(self.unit, self.choices, self.output))
