"""What tests of published sources share: the samples that ship, and what a source makes of its files."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from biomatrix.corpus.records import Record
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources import open_source
from biomatrix.errors import BioMatrixError

Outcome = tuple[dict[str, Record], dict[str, str]]
Reading = Callable[..., Outcome]


@pytest.fixture(scope="session")
def samples() -> Path:
    """The data folder of small files in the publishers' forms, with invented content."""
    return Path(str(files("biomatrix.corpus.sources.published") / "samples"))


@pytest.fixture
def read(samples: Path) -> Reading:
    """Return a function from a source to its records, and the reasons of what was refused, by id.

    Shards of two rows must give what reading through does.
    """

    def reading(name: str, root: Path = samples, **entry: Any) -> Outcome:
        source = open_source(SourceRecipe(name=name, **entry), root)
        records: dict[str, Record] = {}
        reasons: dict[str, str] = {}
        names = []
        for identifier, row in source.rows():
            names.append(identifier)
            try:
                records[identifier] = source.record(identifier, row)
            except BioMatrixError as error:
                reasons[identifier] = error.message
        other = open_source(SourceRecipe(name=name, **entry), root)
        shards = list(other.shards(2))
        assert [identifier for shard in shards for identifier, _ in other.read(shard)] == names
        fresh = open_source(SourceRecipe(name=name, **entry), root)
        backwards = [[identifier for identifier, _ in fresh.read(shard)] for shard in reversed(shards)]
        assert [identifier for group in reversed(backwards) for identifier in group] == names
        return records, reasons

    return reading
