"""Sources of many small files, each read whole: shards are runs of files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.sources.base import Shard, Source, whole_shard
from biomatrix.corpus.sources.tables import RowTable, Table

_SHARD_BYTES: Final = 32 << 20
"""The most bytes of files in one shard, unless a single file is larger."""


class FileRunSource(Source):
    """A source whose rows are files; a subclass gives what is in one (``expand``) and its records."""

    one_to_one = False

    def table(self, path: Path) -> Table:
        """Return the one file as a table of files."""
        return RowTable([path])

    def open_tables(self) -> list[Table]:
        """Return one table, its rows the files."""
        return [RowTable(self.paths)]

    def shards(self, size: int) -> Iterator[Shard]:
        """Yield runs of at most ``size`` files and 32 MiB; a larger file is a run of its own."""
        first = total = 0
        for number, path in enumerate(self.paths):
            length = path.stat().st_size
            if number > first and (number - first == size or total + length > _SHARD_BYTES):
                yield Shard(0, first, None, 0, number - first)
                first, total = number, 0
            total += length
        yield Shard(0, first, None, 0, len(self.paths) - first)

    def read(self, shard: Shard) -> Iterator[tuple[str, Any]]:
        """Yield (record id, raw row) of a run of files."""
        table = self._readers[shard.table]
        for number, row in enumerate(whole_shard(table.rows(shard.first), shard, self.name), start=shard.first):
            yield from self.expand(table, number, row)
