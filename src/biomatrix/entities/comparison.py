"""What two entities of one kind share, as named values with units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.check import Check
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import ConfigurationError


@dataclass(frozen=True)
class Comparison:
    """A kind's answers to how two of its entities differ.

    Examples
    --------
    >>> str(Comparison((Check("same sequence", True), Check("RMSD", True, 0.29, "Angstrom"))))
    'same sequence, RMSD 0.29 Angstrom'
    """

    answers: tuple[Check, ...]

    def __iter__(self) -> Iterator[Check]:
        return iter(self.answers)

    def __str__(self) -> str:
        return ", ".join(str(answer) for answer in self.answers)

    def get(self, name: str) -> Check | None:
        """Return the answer of that name, None where the question does not apply."""
        return next((answer for answer in self.answers if answer.name == name), None)

    def value(self, name: str) -> float | None:
        """Return the value of the answer of that name, None where there is none."""
        answer = self.get(name)
        return None if answer is None else answer.value


def compare(original: Entity, decoded: Entity) -> Comparison:
    """Return what two entities of one kind share.

    Raises
    ------
    ConfigurationError
        The two are of different kinds.
    """
    if original.kind != decoded.kind:
        raise ConfigurationError(f"a {original.kind} and a {decoded.kind} cannot be compared")
    return Comparison(tuple(kind_of(original).compare(original, decoded)))
