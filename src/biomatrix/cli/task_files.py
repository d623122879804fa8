"""Files of a user's own tasks: those that define tasks of corpora, and those that define benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def sorted_files(paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Register the benchmarks of the files that define some.

    Returns
    -------
    others : list of Path
        The files that define no benchmark: tasks of corpora.
    names : list of str
        The benchmarks that were registered.

    Raises
    ------
    ConfigurationError
        A file cannot be read, or its benchmarks are wrong.
    """
    from biomatrix.entities.files.toml_files import read_toml
    from biomatrix.tasks.benchmarks.registry import load_benchmarks

    others: list[Path] = []
    names: list[str] = []
    for path in paths:
        if "benchmarks" in read_toml(path):
            names += [each.name for each in load_benchmarks(path)]
        else:
            others.append(path)
    return others, names
