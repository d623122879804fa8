"""The rows of a benchmark that a run asks: read, picked, and told apart from any others by a hash."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.kind_registry import kind_of
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.benchmarks.benchmark import Benchmark, DataSet
from biomatrix.tasks.benchmarks.examples import FOLDER, Example
from biomatrix.tasks.benchmarks.loading import TRAIN, load_examples, official_file

SPLIT = "test"
_SHOWN_REJECTS = 5


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a run.

    Parameters
    ----------
    examples : tuple of Example
        In the order of the data.
    occurrences : tuple of int
        How many rows before each one have its key.
    total : int
        How many could be read.
    rejects : int
        How many could not.
    faults : tuple of str
        What was wrong with the first of those.
    digest : str
        SHA-256, hexadecimal, of the content of the rows.
    """

    examples: tuple[Example, ...]
    occurrences: tuple[int, ...]
    total: int
    rejects: int
    faults: tuple[str, ...]
    digest: str


def read_rows(benchmark: Benchmark, data: DataSet, folder: Path, limit: int | None, *, first: bool = False) -> Rows:
    """Return the rows of the test split that are asked.

    Raises
    ------
    ConfigurationError
        A file is missing, or none of the rows could be read.
    """
    examples: list[Example] = []
    rejects: list[Reject] = []
    for row in load_examples(data, folder, SPLIT):
        if isinstance(row, Reject):
            rejects.append(row)
        else:
            examples.append(row)
    if not examples:
        reason = f": {rejects[0]}" if rejects else ""
        raise ConfigurationError(f"{benchmark.name} has no row that could be read{reason}", file=str(folder))
    occurrences = list(_occurrences(examples))
    taken = pick(benchmark.name, examples, occurrences, limit, first=first)
    picked = tuple(examples[index] for index in taken)
    faults = tuple(str(reject) for reject in rejects[:_SHOWN_REJECTS])
    digest = digest_of(picked)
    return Rows(picked, tuple(occurrences[index] for index in taken), len(examples), len(rejects), faults, digest)


def pick(
    name: str, examples: Sequence[Example], occurrences: Sequence[int], limit: int | None, *, first: bool = False
) -> list[int]:
    """Return the indices of the rows that a limit leaves, ascending.

    They are the first ones, or those whose SHA-256 of benchmark, key and occurrence come first: a random sample that
    is the same on every machine, and part of every larger one.
    """
    everything = list(range(len(examples)))
    if limit is None or limit >= len(examples):
        return everything
    if first:
        return everything[:limit]

    def place(index: int) -> bytes:
        return hashlib.sha256(f"{name}\0{examples[index].key}\0{occurrences[index]}".encode()).digest()

    return sorted(sorted(everything, key=place)[:limit])


def training_rows(data: DataSet, folder: Path) -> Iterator[Example]:
    """Yield the rows of the training split that can be read; the files are opened when the first one is asked for."""
    for row in load_examples(data, folder, TRAIN):
        if not isinstance(row, Reject):
            yield row


def digest_of(examples: Iterable[Example]) -> str:
    """Return a SHA-256, hexadecimal, of everything that rows hold, wherever their source lies."""
    found = hashlib.sha256()
    for example in examples:
        fields = {name: _content(value) for name, value in example.fields.items()}
        target = None if example.target is None else _content(example.target)
        whole = [example.key, fields, list(example.references), target, _without_places(example.facts)]
        found.update(json.dumps(whole, sort_keys=True, default=repr).encode() + b"\n")
    return found.hexdigest()


def file_hashes(data: DataSet, folder: Path, split: str | None = None) -> list[Mapping[str, Any]]:
    """Return the SHA-256 of each file of a source, or of a split of it, that is there, beside the one stated for it."""
    found: list[Mapping[str, Any]] = []
    for file in data.source.files:
        if split not in (None, file.split):
            continue
        try:
            path = official_file(folder, file.path)
        except ConfigurationError:
            continue
        state = path.stat()
        sha256 = _sha256(path, state.st_mtime_ns, state.st_size)
        stated = file.sha256 if path.name == Path(file.path).name else ""  # of a packed copy none is stated
        found.append({"path": file.path, "split": file.split, "sha256": sha256, "stated": stated or None})
    return found


@cache
def _sha256(path: Path, changed: int, size: int) -> str:
    """Return the hash of a file, which the tasks of one source share."""
    return file_sha256(path)


def _content(value: Any) -> list[str]:
    """Return what a field holds, entities as their kind keeps them in records."""
    if isinstance(value, Entity):
        return [value.kind, hashlib.sha256(kind_of(value).to_bytes(value)).hexdigest()]
    if isinstance(value, tuple):
        return [*_content(value[0]), str(value[1])]
    return [str(value)]


def _without_places(fact: Any) -> Any:
    """Return a fact without the folders in it, so that the rows are the same on every machine."""
    if isinstance(fact, Mapping):
        return {name: _without_places(value) for name, value in fact.items() if name != FOLDER}
    return fact


def _occurrences(examples: Sequence[Example]) -> Iterator[int]:
    seen: Counter[str] = Counter()
    for example in examples:
        yield seen[example.key]
        seen[example.key] += 1
