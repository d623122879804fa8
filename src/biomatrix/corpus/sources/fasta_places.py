"""A FASTA file looked up by the names of its records: where each stands is held, what it says is read when asked."""

from __future__ import annotations

import hashlib
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from biomatrix.corpus.sources.source_lines import Lines, is_packed
from biomatrix.corpus.sources.text_tables import FastaTable
from biomatrix.errors import ConfigurationError

_GROWTH: Final = 1 << 16


class FastaPlaces:
    """Sequences by name: 16 bytes a record are held (a hash of the name, and the byte where it begins).

    Parameters
    ----------
    path : Path
        Not packed, since a packed file has no way in.

    Raises
    ------
    ConfigurationError
        If the file is packed.
    """

    def __init__(self, path: Path) -> None:
        if is_packed(path):
            raise ConfigurationError("sequences are looked up by place: unpack the file", file=str(path))
        self._path = path
        self._table = FastaTable(path)

    def __getitem__(self, name: str) -> str | None:
        """Return the letters of a record, None where there is none of that name."""
        hashes, places = self._index
        mark = _hash(name)
        first = int(np.searchsorted(hashes, mark))
        while first < len(hashes) and hashes[first] == mark:
            header, letters = next(self._table.rows(0, int(places[first])), ("", ""))
            if header.split(" ", 1)[0] == name:
                return letters
            first += 1
        return None

    @cached_property
    def _index(self) -> tuple[Any, Any]:
        """The hashes in order, and the bytes that go with them."""
        hashes, places = np.empty(_GROWTH, dtype=np.uint64), np.empty(_GROWTH, dtype=np.int64)
        count = begin = 0
        with closing(Lines(self._path)) as lines:
            for line in lines:
                if line.startswith(">"):
                    if count == len(hashes):
                        hashes, places = np.resize(hashes, 2 * count), np.resize(places, 2 * count)
                    name = (line[1:].split(maxsplit=1) or [""])[0]
                    hashes[count], places[count] = _hash(name), begin
                    count += 1
                begin = lines.offset
        order = np.argsort(hashes[:count], kind="stable")
        return hashes[:count][order], places[:count][order]


def _hash(name: str) -> Any:
    return np.frombuffer(hashlib.blake2b(name.encode(), digest_size=8).digest(), dtype=np.uint64)[0]
