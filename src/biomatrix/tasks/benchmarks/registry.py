"""The registry of benchmarks: the TOML files of ``definitions``, read on first use, and those of files from outside."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.benchmarks.definition_files import read_benchmarks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biomatrix.tasks.benchmarks.benchmark import Benchmark

_FOLDER: Final = Path(__file__).with_name("definitions")
LISTING: Final = "biomatrix tasks list"
"""The command that lists every task."""
_ADDED: dict[str, Benchmark] = {}


@cache
def package_benchmarks() -> Mapping[str, Benchmark]:
    """Return the package's own benchmarks by name: file by file, in the order of each."""
    found: dict[str, Benchmark] = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        for name, benchmark in read_benchmarks(path).items():
            if name in found:
                raise ConfigurationError(f"the benchmark {name!r} is defined twice", file=str(path))
            found[name] = benchmark
    return MappingProxyType(found)


def benchmarks() -> Mapping[str, Benchmark]:
    """Return every benchmark by name: the package's own, then those that were added."""
    return MappingProxyType({**package_benchmarks(), **_ADDED}) if _ADDED else package_benchmarks()


def benchmark(name: str) -> Benchmark:
    """Return the benchmark of that name; ConfigurationError where there is none."""
    if name not in benchmarks():
        raise ConfigurationError(f"no benchmark {name!r}; {choices(name, benchmarks(), LISTING)}")
    return benchmarks()[name]


def load_benchmarks(path: str | Path) -> tuple[Benchmark, ...]:
    """Add the benchmarks of a TOML file, and return them; the same ones again change nothing.

    Raises
    ------
    ConfigurationError
        The file is wrong, or another benchmark has one of its names: nothing is added then.
    """
    new = read_benchmarks(path)
    known = benchmarks()
    taken = next((name for name, each in new.items() if known.get(name, each) != each), None)
    if taken is not None:
        raise ConfigurationError(f"a benchmark named {taken!r} is there already; choose another name", file=str(path))
    _ADDED.update(new)
    return tuple(new.values())


def unregister_benchmark(name: str) -> None:
    """Remove a benchmark that was added; the package's own stay."""
    _ADDED.pop(name, None)
