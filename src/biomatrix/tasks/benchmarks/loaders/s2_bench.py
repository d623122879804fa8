"""S2-Bench (TOMG-Bench): the official ``test.csv`` of each of the nine sub-tasks.

The official files hold no answers. Where a file ``accepted.txt`` lies beside one, its lines are correct answers to the
rows in their order, an empty line for none: so do the samples of this package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.benchmarks.answers import GOLD
from biomatrix.tasks.benchmarks.examples import FOLDER, Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.rows.s2_requests import example_of
from biomatrix.tasks.benchmarks.rows.table_examples import Row, table_examples


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the rows of a sub-task.

    Parameters
    ----------
    folder : Path
        Holds ``MolEdit``, ``MolCustom`` and ``MolOpt``.
    split : str
        ``test``: there is no other.
    settings : mapping
        ``task``, the sub-task's folder, such as ``MolEdit/AddComponent``.

    Raises
    ------
    ConfigurationError
        Another split, or the file is not there.
    ParseError
        The file is no table.
    """
    if split != "test":
        raise ConfigurationError(f"S2-Bench has only a test split, not {split!r}; openmolins has its training data")
    task = str(settings["task"])
    path = official_file(folder, f"{task}/test.csv")
    accepted = path.with_name("accepted.txt")
    answers = accepted.read_text(encoding="utf-8").split("\n") if accepted.is_file() else []

    def make(number: int, row: Row) -> Iterator[Example]:
        answer = answers[number].strip() if number < len(answers) else ""
        example = example_of(task, str(number), row)
        facts = {**example.facts, FOLDER: str(folder), **({GOLD: answer} if answer else {})}
        yield replace(example, facts=facts)

    yield from table_examples(path, make)
