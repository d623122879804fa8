"""The registry of benchmarks: the TOML files of ``definitions``, read on first use."""

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


@cache
def benchmarks() -> Mapping[str, Benchmark]:
    """Return every benchmark by name: file by file, in the order of each."""
    found: dict[str, Benchmark] = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        for name, benchmark in read_benchmarks(path).items():
            if name in found:
                raise ConfigurationError(f"the benchmark {name!r} is defined twice", file=str(path))
            found[name] = benchmark
    return MappingProxyType(found)


def benchmark(name: str) -> Benchmark:
    """Return the benchmark of that name; ConfigurationError where there is none."""
    if name not in benchmarks():
        raise ConfigurationError(f"no benchmark {name!r}; {choices(name, benchmarks())}")
    return benchmarks()[name]
