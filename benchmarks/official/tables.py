"""Rows of the data at hand, and the writing of what is made of them."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from biomatrix.corpus.sources.text_tables import FastaTable


@dataclass(frozen=True)
class Job:
    """What one writer works on.

    Parameters
    ----------
    data : Path
        The data at hand.
    folder : Path
        The folder of the source, in the data folder that is written.
    count : int
        The most records.
    """

    data: Path
    folder: Path
    count: int

    def rows(self, name: str, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Return a drawn sample of a Parquet file, the same every time; ``count`` rows at most."""
        found: list[dict[str, Any]] = pq.read_table(
            self.data / name, columns=None if columns is None else list(columns)
        ).to_pylist()
        return self.drawn(found)

    def drawn(self, found: list[Any]) -> list[Any]:
        """Return a drawn sample, the same every time."""
        return random.Random(7).sample(found, min(self.count, len(found)))

    def lines(self, name: str) -> list[str]:
        """Return the lines of a gzipped file."""
        with gzip.open(self.data / name, "rt", encoding="utf-8") as stream:
            return stream.read().splitlines()

    def write(self, name: str, text: str) -> None:
        """Write a text, packed where its name ends with .gz."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = text.encode()
        path.write_bytes(gzip.compress(content, 6) if name.endswith(".gz") else content)

    def write_parquet(self, name: str, rows: Iterable[dict[str, Any]]) -> None:
        """Write rows as a Parquet file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(list(rows)), path, compression="snappy")

    def fasta(self, name: str) -> list[tuple[str, str]]:
        """Return headers and sequences of a FASTA file."""
        return list(FastaTable(self.data / name).rows())
