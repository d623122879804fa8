"""An audit from end to end: test rows into an index, training data past it, reports out of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.decontamination.subjects import Subject, subject_of_example
from biomatrix.entities.files.writing import write_whole
from biomatrix.entities.near_matches import choices
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.audit.index import TestRows
from biomatrix.evaluation.audit.report import FORMAT, LEAKS, TaskAudit, is_leaked, markdown, overlaps
from biomatrix.evaluation.audit.training import Training
from biomatrix.progress import Progress
from biomatrix.tasks.benchmarks.benchmark import Benchmark, DataSet
from biomatrix.tasks.benchmarks.loading import load_examples

REPORT: Final = "audit.md"
RESULTS: Final = "audit.json"
LEAKED: Final = "leaked_keys.json"
"""Task to the keys of the rows that count as leaked, as ``biomatrix evaluate`` reads it."""
BY_KEY: Final = "leaks_by_key.json"
"""Task to the name of each key to the keys of the rows every part of which was found by it."""


@dataclass(frozen=True)
class Examined:
    """A test split that is examined: the benchmark, its data, the folder of those, and whether they are official."""

    benchmark: Benchmark
    data: DataSet
    folder: Path
    is_official: bool = True


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Parameters
    ----------
    training : mapping of str to int
        The rows of each set of training data.
    rejects : mapping of str to int
        Those that could not be read.
    tasks : tuple of TaskAudit
    leaks : tuple of str
        The keys by which rows count as leaked.
    """

    training: Mapping[str, int]
    rejects: Mapping[str, int]
    tasks: tuple[TaskAudit, ...]
    leaks: tuple[str, ...]

    def as_mapping(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "format": FORMAT,
            "training": {name: {"rows": rows, "rejects": self.rejects[name]} for name, rows in self.training.items()},
            "leaks": list(self.leaks),
            "tasks": {one.task: one.as_mapping() for one in self.tasks},
        }

    def write(self, folder: Path) -> None:
        """Write the report, the numbers and the lists of keys into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        leaked = {one.task: list(one.leaked) for one in self.tasks}
        by_key = {one.task: {name: list(found.every) for name, found in one.overlaps.items()} for one in self.tasks}
        write_whole(
            folder / REPORT, markdown(self.training, self.rejects, self.tasks, self.leaks).encode("utf-8", "replace")
        )
        for name, content in ((RESULTS, self.as_mapping()), (LEAKED, leaked), (BY_KEY, by_key)):
            text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
            write_whole(folder / name, text.encode("utf-8", "replace"))


def audit(
    examined: Sequence[Examined],
    training: Sequence[Training],
    *,
    relatives: bool = True,
    leaks: Sequence[str] = LEAKS,
) -> Audit:
    """Return which test rows training data hold too.

    Memory holds the test rows; training data stream past them once, whatever the number of tasks.

    Parameters
    ----------
    examined : sequence of Examined
    training : sequence of Training
    relatives : bool
        Whether chains are aligned with those of training data that may be related.
    leaks : sequence of str
        The keys by which rows count as leaked.

    Raises
    ------
    ConfigurationError
        A file is missing, training data are nothing that is read or hold no row, or no test row has a key of `leaks`.
    """
    splits = [_test_rows(one) for one in examined]
    rows = TestRows([subject for subjects, _ in splits for subject in subjects], relatives=relatives)
    if leaks != LEAKS:
        _check_keys(rows, leaks)
    counts, rejects = {}, {}
    for each in training:
        counts[each.name], rejects[each.name] = _compare(rows, each.name, each.subjects())
        if not counts[each.name]:
            raise ConfigurationError(f"no row of {each.name} could be read, so that nothing would be found in it")
    rows.finish()
    audits, first = [], 0
    for one, (subjects, refused) in zip(examined, splits, strict=True):
        parts = rows.parts[first : first + len(subjects)]
        first += len(subjects)
        names = [subject.name for subject in subjects]
        leaked = tuple(name for name, row in zip(names, parts, strict=True) if is_leaked(row, leaks))
        found = overlaps(names, parts)
        audits.append(
            TaskAudit(one.benchmark.name, one.data.source.name, one.is_official, len(subjects), refused, found, leaked)
        )
    return Audit(counts, rejects, tuple(audits), tuple(leaks))


def _check_keys(rows: TestRows, leaks: Sequence[str]) -> None:
    names = {name for parts in rows.parts for part in parts for name in part.keys}
    known = sorted(names | {name.rpartition(".")[2] for name in names})
    for name in leaks:
        if name not in known:
            raise ConfigurationError(f"no test row has a key {name!r}; {choices(name, known)}")


def _test_rows(examined: Examined) -> tuple[list[Subject], int]:
    subjects: list[Subject] = []
    rejects = 0
    for example in load_examples(examined.data, examined.folder, "test"):
        if isinstance(example, Reject):
            rejects += 1
        else:
            subjects.append(subject_of_example(examined.benchmark, example))
    return subjects, rejects


def _compare(rows: TestRows, name: str, subjects: Iterable[Subject | Reject]) -> tuple[int, int]:
    """Let training data pass; return how many rows there were and how many could not be read."""
    progress = Progress(f"compared {name}", None, unit="rows")
    count = rejects = 0
    for subject in subjects:
        if isinstance(subject, Reject):
            rejects += 1
        else:
            count += 1
            rows.compare(subject)
        progress.advance()
    return count, rejects
