"""One pass over sorted runs: which records are left out because another one of the same key is kept.

The keys are cut into ranges, each a piece of work: from every run it reads the stretch in its range, so that memory
holds one range and not the corpus.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from biomatrix.corpus.deduplication.runs import EXACT, RUN, run_part
from biomatrix.corpus.deduplication.signatures import Signature, agreement
from biomatrix.corpus.slices import Slice, fingerprint, marked_folder

VERSION: Final = 1
LEAST_KEYS: Final = 250_000
MOST_KEYS: Final = 2_000_000
"""Keys of all runs in one range, about: few, for memory; more of many runs, since a range opens each of them."""
_KEYS_OF_RUN: Final = 500
DROPPED: Final = np.dtype([("slice", "<u4"), ("row", "<u4"), ("by", "S96")])
"""A record that is left out, by its slice and row, and the one that is kept, ``source/id``."""
Place: TypeAlias = tuple[int, int]
"""A record by the number of its slice and its row."""
_LEADERS: Final = 16
"""Kept records of one key that each further one is compared with."""


@dataclass(frozen=True)
class Run:
    """The runs of one slice: the source's name, the folder, and whether it is compared."""

    source: str
    folder: Path
    is_compared: bool = True


@dataclass(frozen=True)
class DuplicateSlice(Slice):
    """One range of the keys of one name.

    Parameters
    ----------
    name : str
        ``exact``, or the kind of record whose near-duplicates are looked for.
    first, last : int or None
        The range of the upper half of keys; to the end where None.
    runs : tuple of Run
        In the order of the sources and of their slices.
    least : float
        The similarity of near-duplicates.
    """

    name: str
    first: int
    last: int | None
    runs: tuple[Run, ...]
    least: float


def duplicate_slices(
    runs: Sequence[Run], marks: Sequence[str], keys: int, near: Mapping[str, float], exact: bool, work: Path
) -> list[DuplicateSlice]:
    """Return the pieces of work that find all duplicates among runs of so many keys."""
    ranges = max(1, -(-keys // keys_together(len(runs))))
    edges = [(number << 64) // ranges for number in range(ranges)]
    found = []
    for name, least in {**({EXACT: 1.0} if exact else {}), **near}.items():
        for number, first in enumerate(edges):
            mark = fingerprint(VERSION, list(marks), name, least, number, ranges)
            folder = marked_folder(work / "duplicates" / name, number, mark)
            last = edges[number + 1] if number + 1 < ranges else None
            found.append(DuplicateSlice(folder, mark, name, first, last, tuple(runs), least))
    return found


def keys_together(runs: int) -> int:
    """Return about how many keys of so many runs are compared at a time; memory grows with it, and ends with 2 million.

    Examples
    --------
    >>> keys_together(100), keys_together(1000), keys_together(100_000)
    (250000, 500000, 2000000)
    """
    return min(max(LEAST_KEYS, runs * _KEYS_OF_RUN), MOST_KEYS)


def write_duplicates(item: DuplicateSlice, folder: Path) -> Mapping[str, Any]:
    """Write the records of one range that are left out, by slice and row; return how many there are."""
    rows = sorted(set(_dropped(item)))
    np.save(folder / "dropped.npy", np.array(rows, dtype=DROPPED))
    return {"name": item.name, "dropped": len(rows)}


def dropped_rows(folders: Sequence[Path], number: int) -> dict[int, str]:
    """Return the rows of a slice that are left out, each with what is kept in its place; earlier folders first."""
    found: dict[int, str] = {}
    for folder in folders:
        dropped = np.load(folder / "dropped.npy", mmap_mode="r")
        start, end = np.searchsorted(dropped["slice"], [number, number + 1])
        for entry in dropped[start:end]:
            found.setdefault(int(entry["row"]), entry["by"].decode("utf-8", "replace"))
    return found


def _dropped(item: DuplicateSlice) -> Iterator[tuple[int, int, bytes]]:
    nothing = np.empty(0, dtype=RUN)
    parts = [
        run_part(run.folder, item.name, item.first, item.last) if run.is_compared else nothing for run in item.runs
    ]
    numbers = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    keys = np.concatenate([*parts, nothing])
    order = np.lexsort((keys["row"], numbers, keys["rank"], keys["low"], keys["high"]))
    keys, numbers = keys[order], numbers[order]
    same = (keys["high"][1:] == keys["high"][:-1]) & (keys["low"][1:] == keys["low"][:-1])
    starts = np.flatnonzero(np.concatenate([[True], ~same]))
    ends = np.concatenate([starts[1:], [len(keys)]])
    several = ends - starts > 1
    groups = [
        list(zip(numbers[start:end].tolist(), keys["row"][start:end].tolist(), strict=True))
        for start, end in zip(starts[several].tolist(), ends[several].tolist(), strict=True)
    ]
    signatures = {} if item.name == EXACT else _signatures(item, chain.from_iterable(groups))
    losers = [pair for group in groups for pair in _losers(item, group, signatures)]
    names = _names(item, (kept for _, kept in losers))
    yield from ((number, row, names[kept]) for (number, row), kept in losers)


def _losers(
    item: DuplicateSlice, group: Sequence[Place], signatures: Mapping[Place, Signature]
) -> Iterator[tuple[Place, Place]]:
    """Yield each record of a group that is left out, with the one that is kept; the group is in order of preference."""
    if item.name == EXACT:
        yield from ((member, group[0]) for member in group[1:])
        return
    leaders: list[Place] = []
    for member in dict.fromkeys(group):
        own = signatures[member]
        close = (leader for leader in leaders if agreement(own, signatures[leader]) >= item.least)
        leader = next(close, None)
        if leader is not None:
            yield member, leader
        elif len(leaders) < _LEADERS:
            leaders.append(member)


def _signatures(item: DuplicateSlice, places: Iterable[Place]) -> dict[Place, Signature]:
    """Return the signatures of records, read slice by slice: an open file counts as memory with all that was read."""
    found: dict[Place, Signature] = {}
    for number, rows in _by_slice(places):
        folder = item.runs[number].folder
        stored = np.searchsorted(np.load(folder / f"signature_rows_{item.name}.npy"), rows)
        values = np.load(folder / f"signatures_{item.name}.npy", mmap_mode="r")[stored]
        found.update(((number, row), each) for row, each in zip(rows, values, strict=True))
    return found


def _names(item: DuplicateSlice, places: Iterable[Place]) -> dict[Place, bytes]:
    """Return ``source/id`` of records, read slice by slice."""
    found: dict[Place, bytes] = {}
    for number, rows in _by_slice(places):
        source = f"{item.runs[number].source}/".encode()[:32]
        identifiers = np.load(item.runs[number].folder / "ids.npy", mmap_mode="r")[rows]
        found.update(((number, row), source + bytes(each)) for row, each in zip(rows, identifiers, strict=True))
    return found


def _by_slice(places: Iterable[Place]) -> Iterator[tuple[int, list[int]]]:
    """Yield the number of each slice with the rows wanted of it, each once."""
    rows: dict[int, set[int]] = defaultdict(set)
    for number, row in places:
        rows[number].add(row)
    yield from ((number, sorted(wanted)) for number, wanted in sorted(rows.items()))
