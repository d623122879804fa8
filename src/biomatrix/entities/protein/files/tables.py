"""Tables of protein chains as entities."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.files.chain_table import chain_rows
from biomatrix.entities.rejects import Reject


def read_chain_table(path: Path) -> Iterator[Protein | Reject]:
    """Yield the chains of a table; a broken row as a Reject."""
    return (row if isinstance(row, Reject) else row.protein for row in chain_rows(path))


def read_test_split(path: Path) -> Iterator[Protein | Reject]:
    """Yield the chains whose split is "test", which no shipped tokenizer was fitted on; a broken row as a Reject."""
    rows = (row for row in chain_rows(path) if isinstance(row, Reject) or row.split == "test")
    return (row if isinstance(row, Reject) else row.protein for row in rows)
