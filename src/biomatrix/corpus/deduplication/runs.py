"""The sorted runs of one slice: keys of its records by which duplicates meet, and what is needed to tell them apart."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.corpus.deduplication.keys import as_numbers, packed_rank, same_key
from biomatrix.corpus.deduplication.shingles import shingles
from biomatrix.corpus.deduplication.signatures import Signature, band_keys, bands_of, signature
from biomatrix.corpus.records import Record
from biomatrix.corpus.selection_recipes import DeduplicationRecipe

EXACT: Final = "exact"
RUN: Final = np.dtype([("high", "<u8"), ("low", "<u8"), ("rank", "<u4"), ("row", "<u4")])
"""One key of one record: 128 bits, what decides which record is kept, the record's row."""
_ID_BYTES: Final = 64


class RunWriter:
    """The keys of the records of one slice, gathered and written as sorted runs.

    Parameters
    ----------
    settings : DeduplicationRecipe
    """

    def __init__(self, settings: DeduplicationRecipe) -> None:
        self._settings = settings
        self._bands = {kind: bands_of(least, settings.permutations) for kind, least in settings.near.items()}
        self._exact: list[tuple[int, int, int, int]] = []
        self._near: dict[str, list[tuple[int, int, Signature]]] = {kind: [] for kind in settings.near}
        self._ids: list[bytes] = []

    def add(self, row: int, record: Record, *, compared: bool) -> None:
        """Take the record of a row; of one that is not ``compared`` only its place."""
        self._ids.append(record.id.encode("utf-8", "replace")[:_ID_BYTES] if compared else b"")
        if not compared:
            return
        rank = packed_rank(record)
        if self._settings.exact:
            high, low = as_numbers(same_key(record)).tolist()
            self._exact.append((high, low, rank, row))
        if record.kind in self._near:
            found = shingles(record)
            if found is not None:
                self._near[record.kind].append((row, rank, signature(found, self._settings.permutations)))

    def write(self, folder: Path) -> int:
        """Write the runs into a folder; return how many keys there are."""
        np.save(folder / "ids.npy", np.array(self._ids, dtype=f"S{_ID_BYTES}"))
        runs = {EXACT: np.array(self._exact, dtype=RUN)} if self._settings.exact else {}
        for kind, entries in self._near.items():
            keys = [
                (key, 0, rank, row)
                for row, rank, values in entries
                for key in band_keys(values, self._bands[kind]).tolist()
            ]
            runs[kind] = np.array(keys, dtype=RUN)
            values = [each for _, _, each in entries]
            width = self._settings.permutations
            stacked = np.stack(values) if values else np.empty((0, width), dtype=np.uint32)
            np.save(folder / f"signatures_{kind}.npy", stacked)
            np.save(folder / f"signature_rows_{kind}.npy", np.array([row for row, _, _ in entries], dtype=np.uint32))
        for name, run in runs.items():
            np.save(folder / f"run_{name}.npy", run[np.lexsort((run["row"], run["low"], run["high"]))])
        return sum(map(len, runs.values()))


def run_part(folder: Path, name: str, first: int, last: int | None) -> NDArray[np.void]:
    """Return the keys of a run whose upper half is from ``first`` on and below ``last``."""
    run = np.load(folder / f"run_{name}.npy", mmap_mode="r")
    start = int(np.searchsorted(run["high"], np.uint64(first)))
    end = len(run) if last is None else int(np.searchsorted(run["high"], np.uint64(last)))
    part: NDArray[np.void] = np.array(run[start:end])
    return part
