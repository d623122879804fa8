"""The constraints by name: those of every kind of entity, and those of answers in text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import Any, Final

from biomatrix.entities.constraint import Constraint
from biomatrix.entities.kind_registry import kinds, load_attribute
from biomatrix.entities.near_matches import choices
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.generation.checked import shown

OF_TEXT: Final[Mapping[str, str]] = {
    "number": "biomatrix.generation.text_answers.numbers:Number",
    "yes-no": "biomatrix.generation.text_answers.choices:YesNo",
    "choices": "biomatrix.generation.text_answers.choices:Choices",
    "labels": "biomatrix.generation.text_answers.labels:Labels",
    "ec-number": "biomatrix.generation.text_answers.labels:EcNumber",
    "molecular-formula": "biomatrix.generation.text_answers.formula:MolecularFormula",
}
"""Constraints of answers in text: name to ``module:Class``."""
_LONGEST: Final = 10_000
_SHOWN: Final = 200
_START: Final = 40


def constraint_names() -> tuple[str, ...]:
    """Return every name: kind by kind, then those of answers in text."""
    return tuple(_homes())


def constraint_class(name: str) -> type[Constraint]:
    """Return the constraint of that name; its module is loaded. ConfigurationError where there is none."""
    homes = _homes()
    if name not in homes:
        raise ConfigurationError(f"no constraint named {name!r}; {choices(name, homes)}")
    found: type[Constraint] = load_attribute(homes[name])
    return found


def parse_constraint(text: str) -> Constraint:
    """Return the constraint that a person typed as ``NAME=VALUE``.

    Raises
    ------
    ConfigurationError
        There is no such constraint, or its value is none or too long; the message gives an example.
    """
    if len(text) > _LONGEST:
        raise ConfigurationError(
            f"the constraint {_cut(text, _START)} has {len(text):,} characters; give it in at most {_LONGEST:,}"
        )
    name, separator, value = text.partition("=")
    cls = constraint_class(name.strip())
    if not separator and cls.example:
        raise ConfigurationError(f"{cls.name} needs a value, as in {cls.name}={cls.example}")
    try:
        return cls.parse(value)
    except BioMatrixError as error:
        advice = f"an example is {written_example(cls)}"
        place = f" (position {error.position})" if error.position is not None else ""
        raise ConfigurationError(
            f"{cls.name}={_cut(value, _SHOWN)}: {_cut(error.message, 2 * _SHOWN)}{place}; {advice}"
        ) from error


def written_example(constraint: type[Constraint]) -> str:
    """Return a constraint as a person types it."""
    return f"{constraint.name}={constraint.example}" if constraint.example else constraint.name


def checked_constraints(wishes: object) -> tuple[Constraint | Callable[..., Any], ...]:
    """Return the wishes of a request, those given as text parsed; ConfigurationError where one is no wish."""
    if isinstance(wishes, str) or not isinstance(wishes, Sequence):
        raise ConfigurationError(f"constraints are a list of constraints, functions or NAME=VALUE, not {shown(wishes)}")
    found = [parse_constraint(wish) if isinstance(wish, str) else wish for wish in wishes]
    wrong = next((wish for wish in found if not (isinstance(wish, Constraint) or callable(wish))), None)
    if wrong is not None or None in found:
        raise ConfigurationError(
            f"constraints are a list of constraints, functions or NAME=VALUE; {shown(wrong)} is none of them"
        )
    together = tuple(wish.beside(found) if isinstance(wish, Constraint) else wish for wish in found)
    _check_together([wish for wish in together if isinstance(wish, Constraint)])
    return together


def _check_together(wishes: Sequence[Constraint]) -> None:
    """Raise ConfigurationError where two constraints surely contradict one another."""
    for one, other in permutations(wishes, 2):
        fault = one.contradiction(other)
        if fault is not None:
            raise ConfigurationError(f"{one.name} and {other.name} cannot be kept together: {fault}")


def _cut(text: str, length: int) -> str:
    """Return the start of a text that is longer than a message shows."""
    return text if len(text) <= length else f"{text[:length]}..."


def _homes() -> dict[str, str]:
    homes: dict[str, str] = {}
    for kind in kinds():
        for name, home in kind.constraints.items():
            if homes.setdefault(name, home) != home:
                raise ConfigurationError(f"two constraints are named {name!r}; rename that of {kind.plural}")
    return {**homes, **OF_TEXT}
