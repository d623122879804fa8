"""What an answer keeps to, as text: so that a process which holds the vocabulary alone can guide it.

vLLM writes in worker processes, perhaps on other machines. A request tells them in one JSON object what it asks for,
short of its prompt; they make the same guide from the model's folder.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import fields
from typing import Any, Final

from biomatrix.errors import BioMatrixError, ParseError
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
_WHAT: Final = "the description of a guide"
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
        request = described(description)
        try:
            job = self._planner.plan(request).jobs[0]
            job.guide.allowed(job.state[None])  # what fails at the first token fails here
        except BioMatrixError:
            raise
        except Exception as error:  # a constraint may make anything of fields that another process filled in
            raise ParseError(f"{_WHAT} has a constraint that cannot be kept: {error!r}; check its fields") from error
        return Course(job.guide, job.state, job.budget)


def described(description: object) -> Request:
    """Return the request that a description tells of, without its prompt: all that needs no vocabulary is checked.

    Raises
    ------
    ParseError
        It is no description.
    BioMatrixError
        No model could meet it.
    """
    told = parsed(description)
    budget = told.pop("budget")
    unknown = sorted(set(told) - _TOLD)
    if unknown:
        raise ParseError(
            f"{_WHAT} has a field that is unknown here: {unknown[0]!r}; it takes {', '.join(sorted(_TOLD))}"
        )
    wishes = {name: read_value(value) for name, value in told.items()}
    try:
        return Request("", raw=True, max_new_tokens=budget, **wishes)
    except BioMatrixError:
        raise
    except Exception as error:  # as above
        raise ParseError(f"{_WHAT} has a field that does not read: {error!r}; check its fields") from error


def parsed(description: object) -> dict[str, Any]:
    """Return a description's fields.

    Raises
    ------
    ParseError
        It is no JSON object of this form.
    """
    try:
        told = json.loads(description) if isinstance(description, str) else None
    except (ValueError, RecursionError) as error:
        raise ParseError(f"{_WHAT} is no JSON: {error}") from None
    if not isinstance(told, dict) or told.pop("format", None) != FORMAT:
        raise ParseError(f"{_WHAT} is a JSON object of format {FORMAT}, as biomatrix.generation.adapters writes it")
    budget = told.get("budget")
    if isinstance(budget, bool) or not isinstance(budget, int):
        raise ParseError(f"{_WHAT} names no budget of tokens, which is a whole number")
    return told
