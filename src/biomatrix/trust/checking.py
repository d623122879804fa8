"""Which checks are made of an entity: none, the cheap ones, or all; alone, and beside what it should agree with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, Literal, get_args

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.base_modality import Modality
from biomatrix.entities.check import Check
from biomatrix.entities.kind_registry import kind_of
from biomatrix.entities.slow_checks import further_checks_of
from biomatrix.errors import BioMatrixError, ConfigurationError

Level = Literal["off", "fast", "full"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""No checks; those that take some milliseconds; those that take seconds besides."""


def checks_of(
    entity: Entity,
    level: Level = "fast",
    *,
    modality: Modality | None = None,
    reference: Entity | None = None,
    siblings: Iterable[tuple[str, Entity]] = (),
) -> list[Check]:
    """Return the checks of an entity.

    Parameters
    ----------
    entity : Entity
    level : {"off", "fast", "full"}
    modality : Modality, optional
        What it was written in, which says what there is to check; its kind alone when not given.
    reference : Entity, optional
        What was asked for, such as the molecule whose conformer this should be; ignored where it is of another kind.
    siblings : iterable of (str, Entity)
        The same entity in other modalities, each with the name of the modality; those of another kind are ignored.

    Returns
    -------
    list of Check
        Where a check refuses the entity, one named ``checks ran`` says why, its ``passed`` None.

    Raises
    ------
    ConfigurationError
        No such level.
    """
    if checked_level(level) == "off":
        return []
    judge = kind_of(entity) if modality is None else modality
    found = _attempted(lambda: judge.check(entity))
    if level == "full":
        found += _attempted(lambda: (further_checks_of if modality is None else modality.further_checks)(entity))
    if reference is not None:
        found += agreement_of(reference, entity, "asked")
    for name, sibling in siblings:
        found += agreement_of(sibling, entity, name)
    return found


def agreement_of(reference: Entity, entity: Entity, source: str) -> list[Check]:
    """Return whether an entity is what a reference says, each check under its name and the source's: "... as asked"."""
    if reference.kind != entity.kind:
        return []
    checks = _attempted(lambda: kind_of(entity).agree(reference, entity))
    return [replace(check, name=f"{check.name} as {source}") for check in checks]


def checked_level(level: str) -> Level:
    """Return a level. Raises ConfigurationError where there is none of that name."""
    found = next((one for one in LEVELS if one == level), None)
    if found is None:
        raise ConfigurationError(f"no level of checks {level!r}; there are {', '.join(LEVELS)}")
    return found


def _attempted(function: Callable[[], Sequence[Check]]) -> list[Check]:
    try:
        return list(function())
    except BioMatrixError as error:
        return [Check("checks ran", None, detail=error.message)]
