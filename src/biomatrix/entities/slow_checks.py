"""Checks that take seconds: made in this process, or where whoever answers strangers has them made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from biomatrix.entities.kind_registry import kind_of

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.check import Check

_MAKER: Final[ContextVar[Callable[[Entity], Sequence[Check]] | None]] = ContextVar("biomatrix_checks", default=None)


def further_checks_of(entity: Entity) -> list[Check]:
    """Return the checks of an entity's kind that take seconds, made as :func:`further_checks_by` says."""
    make = _MAKER.get() or kind_of(entity).further_checks
    return list(make(entity))


@contextmanager
def further_checks_by(make: Callable[[Entity], Sequence[Check]]) -> Iterator[None]:
    """Let these checks be made by a function inside, such as one that gives another process so long for them."""
    before = _MAKER.set(make)
    try:
        yield
    finally:
        _MAKER.reset(before)
