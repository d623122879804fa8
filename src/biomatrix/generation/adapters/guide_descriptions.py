"""What an answer keeps to, as text: so that a process which holds the vocabulary alone can guide it.

vLLM writes in worker processes, perhaps on other machines. A request tells them in one JSON object what it asks for,
short of its prompt; they make the same guide from the model's folder.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import fields
from typing import Any, Final

from biomatrix.errors import ParseError
from biomatrix.generation.adapters.constraint_codec import read_value, write_value
from biomatrix.generation.adapters.prefix_states import Course
from biomatrix.generation.planning import Planner
from biomatrix.generation.requests import Request
from biomatrix.generation.text_automaton import TextAutomaton
from biomatrix.vocabulary.vocabulary import Vocabulary

FORMAT: Final = 1
"""Of the JSON object."""
_AMPLE: Final = 1 << 24
"""A context in which every budget has room: the engine has checked the real one."""
_MOST_KEPT: Final = 1024
_TOLD: Final = frozenset({"output", "length", "constraints", "guided", "kept"})
"""The fields of a request that say what its answer keeps to."""


def describe(request: Request, budget: int) -> str:
    """Return what an answer to the request keeps to, as JSON.

    Parameters
    ----------
    request : Request
        Only what is not left at its default is written.
    budget : int
        The most tokens to write, an opening aside.

    Raises
    ------
    UnsupportedError
        A constraint is a function, or of a class that no kind registers: no other process knows it.
    """
    told: dict[str, Any] = {"format": FORMAT, "budget": budget}
    for field in fields(request):
        value = getattr(request, field.name)
        if field.name in _TOLD and value != field.default:
            told[field.name] = write_value(value)
    return json.dumps(told, sort_keys=True)


class Courses:
    """Makes the guides that descriptions ask for.

    Parameters
    ----------
    vocabulary : Vocabulary
        Of the model that writes.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._planner = Planner(vocabulary, TextAutomaton.from_vocabulary(vocabulary), _AMPLE)
        self._kept: OrderedDict[str, Course] = OrderedDict()

    def course(self, description: str) -> Course:
        """Return what a description asks for; for equal ones the same object.

        Raises
        ------
        ParseError
            It is no description.
        BioMatrixError
            It cannot be met, as of a request.
        """
        if description not in self._kept:
            self._kept[description] = self._made(description)
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(description)
        return self._kept[description]

    def _made(self, description: str) -> Course:
        told = parsed(description)
        budget = told.pop("budget")
        wishes = {name: read_value(value) for name, value in told.items()}
        try:
            request = Request("", raw=True, max_new_tokens=budget, **wishes)
        except TypeError as error:
            raise ParseError(f"the description of a guide has a field that is unknown here: {error}") from None
        job = self._planner.plan(request).jobs[0]
        return Course(job.guide, job.state, job.budget)


def parsed(description: object) -> dict[str, Any]:
    """Return a description's fields.

    Raises
    ------
    ParseError
        It is no JSON object of this form.
    """
    what = "the description of a guide"
    try:
        told = json.loads(description) if isinstance(description, str) else None
    except ValueError as error:
        raise ParseError(f"{what} is no JSON: {error}") from None
    if not isinstance(told, dict) or told.pop("format", None) != FORMAT:
        raise ParseError(f"{what} is a JSON object of format {FORMAT}, as biomatrix.generation.adapters writes it")
    if not isinstance(told.get("budget"), int):
        raise ParseError(f"{what} names no budget of tokens")
    return told
