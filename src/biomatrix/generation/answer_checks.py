"""The checks of a whole answer: its entity, what its other segments say of the same thing, its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.entities.base_entity import Entity
from biomatrix.trust.checking import Level, agreement_of, checked_level, checks_of
from biomatrix.trust.text_checks import AskedNumber, check_mentions, check_number, check_segments
from biomatrix.trust.units import UNITS
from biomatrix.vocabulary.segments import Failure

if TYPE_CHECKING:
    from biomatrix.entities.check import Check
    from biomatrix.generation.answers import Answer
    from biomatrix.tasks import Task


def checks_of_answer(
    answer: Answer, level: Level = "fast", reference: Entity | None = None, number: AskedNumber | None = None
) -> list[Check]:
    """Return the checks of an answer.

    Parameters
    ----------
    answer : Answer
    level : {"off", "fast", "full"}
        None; those that take some milliseconds; all, such as PoseBusters'.
    reference : Entity, optional
        What was asked for, which the entity should be, such as the molecule whose conformer it gives.
    number : AskedNumber, optional
        The number that its text should hold.

    Returns
    -------
    list of Check
        Of the entity: alone, against the other segments of its kind, and against what it was before a relaxation. Of
        the text where there is any, or where a segment broke: segments balanced and decoded, things mentioned that
        exist, the number.

    Raises
    ------
    ConfigurationError
        No such level.
    """
    if checked_level(level) == "off":
        return []
    found: list[Check] = []
    name = answer.entity_modality
    if answer.entity is not None and name is not None:
        others = [
            (part.modality or "text", part.value)
            for part in answer.segments
            if isinstance(part.value, Entity) and part.value is not answer.entity
        ]
        modality = answer.vocabulary.modality(name)
        found += checks_of(answer.entity, level, modality=modality, reference=reference, siblings=others)
        if answer.relaxation is not None:
            found += agreement_of(answer.relaxation.original, answer.entity, "before")
    return found + _checks_of_text(answer, number)


def asked_number(task: Task) -> AskedNumber | None:
    """Return the number that an answer to a task should hold; None where it is no number.

    The question names the unit, so that a number without one counts; one in another unit is converted or a fault. A
    unit that no table knows is not asked for.
    """
    if task.parser != "number":
        return None
    return AskedNumber(task.unit if task.unit in UNITS else "", *task.bounds, bare=True)


def _checks_of_text(answer: Answer, number: AskedNumber | None) -> list[Check]:
    values = [part.value for part in answer.segments]
    text = " ".join(value for value in values if isinstance(value, str)).strip()
    failures = [value.reason for value in values if isinstance(value, Failure)]
    checks = check_number(text, number) if number is not None else []
    if text or failures:
        checks += check_segments(sum(isinstance(value, Entity) for value in values), failures)
        checks += check_mentions(text)
    return checks
