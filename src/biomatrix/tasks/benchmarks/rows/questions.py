"""Questions of several options about one molecule."""

from __future__ import annotations

from collections.abc import Mapping

from biomatrix.entities.base_entity import Entity
from biomatrix.errors import ParseError
from biomatrix.tasks.benchmarks.examples import Example, FieldValue


def question_example(key: str, molecule: Entity, question: str, options: Mapping[str, str], answer: str) -> Example:
    """Return the example of a question; its fact ``options`` is what an answer is read by.

    Parameters
    ----------
    key : str
    molecule : Entity
    question : str
    options : mapping of str to str
        The text of each by its letter.
    answer : str
        The letter of the right one.

    Raises
    ------
    ParseError
        The answer is none of the options.
    """
    if answer not in options:
        raise ParseError(f"the answer {answer[:20]!r} is none of the options {', '.join(options)}")
    listed = "\n".join(f"{letter}. {text}" for letter, text in options.items())
    fields: dict[str, FieldValue] = {"molecule": molecule, "question": question, "options": listed}
    return Example(key, fields, (answer,), facts={"options": dict(options)})
