"""A fixture checked: its adapter is found, the metric computed, every value compared."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError, UnsupportedError
from biomatrix.metrics.parity import adapters
from biomatrix.metrics.parity.comparison import Compared, compared
from biomatrix.metrics.parity.fixture_files import Fixture, Skipped, read_fixture


@dataclass(frozen=True)
class Adapter:
    """What computes a family of fixtures: see :mod:`biomatrix.metrics.parity.adapters`."""

    name: str
    repository: str
    metric: str
    values: Callable[[Fixture], Any]


@dataclass(frozen=True)
class Checked:
    """A fixture and all its comparisons."""

    fixture: Fixture
    adapter: str
    values: tuple[Compared, ...]

    def count(self, outcome: str) -> int:
        """Return how many values ended as ``pass``, ``fail`` or ``skipped``."""
        return sum(one.outcome == outcome for one in self.values)

    @property
    def reached(self) -> bool:
        """Whether something was compared and nothing failed."""
        return not self.count("fail") and self.count("pass") > 0


def check_fixture(path: Path) -> Checked:
    """Compute a fixture's metric from its inputs and compare with what the official code returned.

    Raises
    ------
    ParseError
        The file is no fixture, or its inputs are not what its family has.
    UnsupportedError
        A fixture of a family that is not known here.
    """
    fixture = read_fixture(path)
    adapter = adapter_of(fixture)
    try:
        return Checked(fixture, adapter.name, compared(fixture, _computed(adapter, fixture)))
    except BioMatrixError as error:
        raise error.at(file=str(path)) from error
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        reason = f"inputs unlike those of {adapter.name}: {type(error).__name__}: {error}"
        raise ParseError(reason.splitlines()[0][:300], file=str(path)) from error


def _computed(adapter: Adapter, fixture: Fixture) -> Any:
    try:
        return adapter.values(fixture)
    except ConfigurationError as error:  # a package or weights that are not here
        return Skipped(str(error))


def adapter_of(fixture: Fixture) -> Adapter:
    """Return the adapter whose words the fixture's metric holds, of its repository where several do.

    Raises
    ------
    UnsupportedError
        None does.
    """
    said, repository = fixture.metric.casefold(), fixture.repository.casefold()
    fitting = [one for one in all_adapters() if one.metric.casefold() in said]
    own = [one for one in fitting if one.repository.casefold() == repository]
    found = max(own or fitting, key=lambda one: len(one.metric), default=None)
    if found is None:
        known = "; ".join(one.metric for one in all_adapters())
        raise UnsupportedError(f"no metric known here: {fixture.metric!r}; there are: {known}", file=str(fixture.path))
    return found


@cache
def all_adapters() -> tuple[Adapter, ...]:
    """Return every adapter, by name."""
    return tuple(_found())


def _found() -> Iterator[Adapter]:
    for module in sorted(pkgutil.iter_modules(adapters.__path__), key=lambda one: one.name):
        content = import_module(f"{adapters.__name__}.{module.name}")
        yield Adapter(module.name, content.REPOSITORY, content.METRIC, content.values)
