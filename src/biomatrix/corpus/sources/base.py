"""What a source is: a set of rows with a licence, each of which becomes one record or a reason why not."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from biomatrix.corpus.records import Record

SHIPPABLE_LICENCES = frozenset({"CC0-1.0", "CC-BY-4.0", "CC-BY-3.0", "MIT", "BSD-3-Clause", "Apache-2.0", "Biopython"})
"""Weights trained on data under these terms may be given to anyone; every source names some."""


@dataclass(frozen=True)
class Provenance:
    """Where a source comes from and on what terms.

    Parameters
    ----------
    licence : tuple of str
        Every licence that applies, SPDX names.
    origin : str
        The repository or publisher, and what to cite.
    files : tuple of str
        Paths relative to the data folder; empty for data that comes inside a package.
    split : str
        Which part of the data is used, in words.
    """

    licence: tuple[str, ...]
    origin: str
    files: tuple[str, ...]
    split: str


class Source(ABC):
    """One data set.

    Parameters
    ----------
    name : str
        A short, stable name; it seeds what is drawn for each of its records.
    provenance : Provenance
        Licence and origin.
    root : Path
        The data folder that ``provenance.files`` are relative to.
    """

    def __init__(self, name: str, provenance: Provenance, root: Path) -> None:
        self.name = name
        self.provenance = provenance
        self.root = root

    @abstractmethod
    def rows(self) -> Iterator[tuple[str, Any]]:
        """Yield (record id, raw row) in a fixed order, cheaply."""

    @abstractmethod
    def record(self, identifier: str, row: Any) -> Record:
        """Turn a raw row into a record. Raises BioMatrixError with the reason where it cannot."""

    @property
    def paths(self) -> list[Path]:
        """The files that are read."""
        return [self.root / name for name in self.provenance.files]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the files that are read."""
        digest = hashlib.sha256(self.name.encode())
        for path in self.paths:
            with path.open("rb") as handle:
                while block := handle.read(1 << 20):
                    digest.update(block)
        return digest.hexdigest()
