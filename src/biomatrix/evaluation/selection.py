"""Which benchmarks a run is about: named one by one, by domain, by fine-tuning group, or all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.registry import LISTING, benchmarks

ALL: Final = "all"


def groups() -> Mapping[str, tuple[str, ...]]:
    """Return the names of the benchmarks of each group: ``all``, the domains, the published fine-tuning groups."""
    found: dict[str, list[str]] = {ALL: list(benchmarks())}
    for name, each in benchmarks().items():
        for group in dict.fromkeys((each.domain, each.sft_group)):
            if group:
                found.setdefault(group, []).append(name)
    return {group: tuple(names) for group, names in found.items()}


def selected(names: Sequence[str]) -> tuple[Benchmark, ...]:
    """Return the benchmarks of names and groups, each once, in the order they are named.

    Raises
    ------
    ConfigurationError
        Nothing is named, or a name is that of no benchmark and no group; the nearest ones are told.
    """
    if not names:
        raise ConfigurationError("name a task, or a group: a domain, a fine-tuning group, all")
    known, several = benchmarks(), groups()
    found: dict[str, Benchmark] = {}
    for name in names:
        if name not in known and name not in several:
            raise ConfigurationError(f"no task or group {name!r}; {choices(name, [*several, *known], LISTING)}")
        for each in (name,) if name in known else several[name]:
            found[each] = known[each]
    return tuple(found.values())
