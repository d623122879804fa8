"""Readers of answers that are text: each returns the answer in the official notation, or says why there is none.

Stricter than :mod:`biomatrix.tasks.parsers`, on which they build: a word that stands somewhere in a sentence is not an
answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from biomatrix.errors import ParseError
from biomatrix.metrics.multiple_choice import chosen_option
from biomatrix.tasks.benchmarks.spelled_answers import refuse_hedge, tagged, unlabelled
from biomatrix.tasks.parsers import Expected, parse_choice, parse_number, parse_text, parse_yes_no, shown

_FORMULA: Final = re.compile(r"(?:[A-Z][a-z]?\d*)+(?:[+-]\d*)?", re.ASCII)
_YES_NO_FIRST: Final = re.compile(r"(?:yes|no|true|false)\s*(?:[.,;:!\n\u2013\u2014-]|\Z)", re.IGNORECASE)
_BOUND: Final = re.compile(
    r"[<>~\u2264\u2265\u00b1\u2248]|\b(?:less|more|greater|lower|higher|larger|smaller|below|above|under|over|than|least|most|"
    r"between|minus|plus|outside)\b",
    re.IGNORECASE,
)
"""What may stand before a number and makes it another one, or a bound."""


@dataclass(frozen=True)
class Form:
    """What an answer may be.

    Parameters
    ----------
    unit : str
        The unit that may follow a number.
    choices : tuple of str
        The allowed answers, where it is one of several.
    options : mapping of str to str
        The options of a multiple-choice question by letter.
    """

    unit: str = ""
    choices: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)


Reader: TypeAlias = Callable[[str, Form], str]


def read_text(text: str, form: Form) -> str:
    """Return free text as it was written."""
    parse_text(text, Expected())
    return text


def read_name(text: str, form: Form) -> str:
    """Return a chemical name: one line, its white space collapsed.

    Examples
    --------
    >>> read_name("<IUPAC> acetic acid </IUPAC>", Form())
    'acetic acid'
    """
    name = tagged(text, ("IUPAC",))
    if "\n" in name:
        raise ParseError(f"a name of several lines: found {shown(name)}")
    return parse_text(name, Expected())


def read_formula(text: str, form: Form) -> str:
    """Return a molecular formula, in whatever order of elements, its charge behind it as in ``C5H14NO+``.

    Examples
    --------
    >>> read_formula("<MOLFORMULA> C2H6O </MOLFORMULA>", Form())
    'C2H6O'
    """
    formula = tagged(text, ("MOLFORMULA",))
    if not _FORMULA.fullmatch(formula):
        raise ParseError(f"no molecular formula: found {shown(formula)}")
    return formula


def read_number(text: str, form: Form) -> str:
    """Return the only number of an answer, in the shortest form that reads back as the same.

    Words may stand before it, as in ``logS = -3.1``, but none that take back what it says.

    Examples
    --------
    >>> read_number("Answer: -3.10 mol/L", Form(unit="mol/L"))
    '-3.1'
    """
    answer = unlabelled(tagged(text, ("NUMBER",)))
    bound = _BOUND.search(answer)
    if bound is not None:
        raise ParseError(f"{bound.group()!r} leaves open which number is meant: found {shown(answer)}")
    refuse_hedge(answer)
    return repr(parse_number(answer, Expected(unit=form.unit)))


def read_yes_no(text: str, form: Form) -> str:
    """Return ``Yes`` or ``No``, with which the answer begins; the other may not follow.

    Examples
    --------
    >>> read_yes_no("No, it is soluble.", Form())
    'No'
    """
    answer = unlabelled(tagged(text, ("BOOLEAN",)))
    if not _YES_NO_FIRST.match(answer):
        raise ParseError(f"the answer begins with neither yes nor no: found {shown(answer)}")
    return "Yes" if parse_yes_no(answer, Expected()) else "No"


def read_choice(text: str, form: Form) -> str:
    """Return the choice that the answer is, whatever its case; a full stop may follow."""
    answer = " ".join(unlabelled(tagged(text, ())).split())
    matches = [one for one in form.choices if answer.removesuffix(".").lower() == one.removesuffix(".").lower()]
    if len(matches) != 1:
        raise ParseError(f"none of the choices ({', '.join(form.choices)[:200]}): found {shown(answer)}")
    return parse_choice(matches[0], Expected(choices=form.choices))


def read_option(text: str, form: Form) -> str:
    """Return the letter of the option that is named by its letter, by its text, or by both where they agree.

    Examples
    --------
    >>> options = {"A": "a dye", "B": "a drug"}
    >>> [read_option(text, Form(options=options)) for text in ("B", "(B) a drug", "A dye.")]
    ['B', 'B', 'A']
    """
    answer = unlabelled(tagged(text, ()))
    number = chosen_option(answer, list(form.options.values()))
    if number is None:
        raise ParseError(f"none of the options {', '.join(form.options)}: found {shown(answer)}")
    return list(form.options)[number]


def read_labels(text: str, form: Form) -> str:
    """Return a list of labels with ``; `` between them, as it was written; none of them may be empty."""
    labels = parse_text(tagged(text, ()), Expected())
    if not all(label.strip(" ;") for label in labels.split(";")):
        raise ParseError(f"an empty label: found {shown(labels)}")
    return labels


READERS: Final[Mapping[str, Reader]] = {
    "text": read_text,
    "name": read_name,
    "formula": read_formula,
    "number": read_number,
    "yes_no": read_yes_no,
    "choice": read_choice,
    "option": read_option,
    "labels": read_labels,
}
"""By the name that a benchmark's ``parser`` gives; ``entity`` is read by :mod:`biomatrix.tasks.benchmarks.answers`."""
