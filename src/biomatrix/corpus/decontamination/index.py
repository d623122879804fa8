"""The index of test rows: built once, a slice a test set, and asked about each record of a corpus."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from rdkit.rdBase import BlockLogs

from biomatrix.corpus.decontamination.subjects import Subject
from biomatrix.corpus.decontamination.test_rows import TestRows
from biomatrix.corpus.decontamination.test_sets import TestSet, TestSets
from biomatrix.corpus.launching import Workers
from biomatrix.corpus.selection_recipes import DecontaminationRecipe
from biomatrix.corpus.slices import Slice, fingerprint, make_once, marked_folder, remove_strays, run_slices
from biomatrix.corpus.windows import Hashes
from biomatrix.errors import ConfigurationError

log = logging.getLogger(__name__)

VERSION: Final = 1
"""Raised when the same test rows would give other keys."""
INDEX: Final = "index.json"
_KEYED: Final = ("entities", "pairs", "texts", "runs", "stretches")


@dataclass(frozen=True)
class TestSetSlice(Slice):
    """The keys of one test set."""

    __test__ = False  # the name is not that of a test case

    test_set: TestSet
    settings: DecontaminationRecipe


def write_test_set(item: TestSetSlice, folder: Path) -> Mapping[str, Any]:
    """Write the keys of the rows of a test set; return how many were read, how many not, and why the first was not."""
    rows = TestRows(item.settings)
    count = unread = 0
    reason = ""
    with BlockLogs():
        for row in item.test_set.rows():
            if isinstance(row, Subject):
                rows.add(row, pair=item.test_set.is_of_pairs)
                count += 1
            else:
                reason, unread = reason or row, unread + 1
    for name, array in rows.arrays().items():
        np.save(folder / f"{name}.npy", array)
    return {"rows": count, "unread": unread, "reason": reason}


def _tell_unread(items: Sequence[TestSetSlice], notes: Sequence[Mapping[str, Any]]) -> None:
    """Log which rows of test sets are not compared; ConfigurationError where a set of the recipe's own has no other."""
    for item, note in zip(items, notes, strict=True):
        name, unread = item.test_set.name, note.get("unread", 0)
        if not note["rows"] and item.test_set.entry in item.settings.sets:
            why = f"{unread:,} cannot be, first {note['reason']}" if unread else "it is empty"
            raise ConfigurationError(f"no row of the test set {name} of the recipe can be read: {why}")
        if unread:
            log.warning(
                "test set %s: %d rows cannot be read and are not compared, first %s", name, unread, note["reason"]
            )


def build_index(sets: TestSets, settings: DecontaminationRecipe, work: Path, *, workers: Workers = 1) -> Path:
    """Return the folder of the index of these test sets under ``work/decontamination``, built unless it is there."""
    compared = settings.model_dump(exclude={"benchmarks", "folders", "sets", "splits", "enabled"})
    home = work / "decontamination"
    # Sets that some source may hold come last, so that they do not hide others that hold the same.
    ordered = sorted(sets.here, key=lambda one: (bool(one.allowed_in), one.name, one.mark))
    items = []
    for one in ordered:
        mark = fingerprint(VERSION, one.mark, compared)
        items.append(TestSetSlice(marked_folder(home / "sets", 0, mark), mark, one, settings))
    notes = run_slices(items, write_test_set, workers=workers, label="test sets")
    _tell_unread(items, notes)
    mark = fingerprint(VERSION, [item.fingerprint for item in items], [one.allowed_in for one in ordered])
    folder = home / mark[:16]
    rows = [note["rows"] for note in notes]
    write = partial(_write_index, items=items, rows=rows, settings=settings, mark=mark)
    make_once(folder, (folder / INDEX).is_file, write)
    for place in (home, home / "sets"):
        remove_strays(place, items)
    return folder


def _write_index(
    folder: Path, *, items: Sequence[TestSetSlice], rows: Sequence[int], settings: DecontaminationRecipe, mark: str
) -> None:
    folder.mkdir(parents=True)
    for name in _KEYED:
        keys = [_array(item.folder, name) for item in items]
        owners = np.repeat(np.arange(len(keys), dtype=np.uint16), [len(own) for own in keys])
        joined = np.concatenate([*keys, np.empty(0, dtype=np.uint64)])
        unique, first = np.unique(joined, return_index=True)
        np.save(folder / f"{name}.npy", unique)
        np.save(folder / f"{name}_sets.npy", owners[first])
    content = {
        "fingerprint": mark,
        "settings": settings.model_dump(),
        "sets": [
            {
                "name": item.test_set.name,
                "rows": count,
                "covers": list(item.test_set.covers),
                "allowed_in": list(item.test_set.allowed_in),
                "folder": str(Path("..") / "sets" / item.folder.name),
            }
            for item, count in zip(items, rows, strict=True)
        ],
    }
    (folder / INDEX).write_text(json.dumps(content, indent=1), encoding="utf-8")


def _array(folder: Path, name: str) -> Hashes:
    array: Hashes = np.load(folder / f"{name}.npy")
    return array


class TestIndex:
    """A saved index, its arrays mapped from disk so that processes share them.

    Parameters
    ----------
    folder : Path
        As :func:`build_index` returned it.
    """

    __test__ = False  # the name is not that of a test case

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        content = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        self.sets: list[dict[str, Any]] = content["sets"]
        self.settings = DecontaminationRecipe.model_validate(content["settings"])
        self.mark: str = content["fingerprint"]
        self._keys = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _KEYED}
        self._sets = {name: np.load(folder / f"{name}_sets.npy", mmap_mode="r") for name in _KEYED}

    @classmethod
    def open(cls, folder: Path) -> TestIndex:
        """Return an index, opened once per process."""
        return _open(folder)

    def holder(self, name: str, keys: Sequence[int] | Hashes, source: str) -> str | None:
        """Return the name of the test set that holds one of some keys; None where none does that binds a source."""
        wanted = np.asarray(keys, dtype=np.uint64)
        known = self._keys[name]
        if not len(wanted) or not len(known):
            return None
        places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        for place in places[known[places] == wanted].tolist():
            owner = self.sets[int(self._sets[name][place])]
            if source not in owner["allowed_in"]:
                return str(owner["name"])
        return None

    def arrays(self, name: str, source: str) -> Iterator[tuple[str, Path]]:
        """Yield the name and folder of each test set that binds a source and has an array of that name."""
        for one in self.sets:
            path = self.folder / one["folder"]
            if source not in one["allowed_in"] and (path / f"{name}.npy").is_file():
                yield str(one["name"]), path


@lru_cache(maxsize=2)
def _open(folder: Path) -> TestIndex:
    return TestIndex(folder)
