"""A recipe says how much may be tried for each conformer; a molecule left without one carries the reason."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from pydantic import ValidationError

from biomatrix.corpus.recipe import SourceRecipe
from biomatrix.corpus.sources.base import Provenance
from biomatrix.corpus.sources.molecules import SmilesSource
from biomatrix.corpus.sources.registry import open_source, register_source, unregister_source

CAGE = "C[C@]12C[C@@]3(C)C[C@](C)(C1)C[C@@](C)(C2)C3"


def a_source(root: Path) -> SmilesSource:
    return SmilesSource("cages", Provenance(("MIT",), "made up", ("cages.csv.gz",), "all"), root, embed=1.0)


def test_a_recipe_bounds_the_embedding_of_a_source(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "cages.csv.gz", "wt") as stream:
        stream.write(f"smiles\nCCO\n{CAGE}\n")
    register_source("cages", a_source)
    try:
        source = open_source(SourceRecipe(name="cages", embed_attempts=3), tmp_path)
        plain, cage = [source.record(identifier, row).entity for identifier, row in source.rows()]
    finally:
        unregister_source("cages")
    assert plain is not None
    assert plain.has_structure
    assert cage is not None
    assert not cage.has_structure
    assert "no conformer" in cage.notes[-1]
    assert "3 starting positions" in cage.notes[-1]


def test_attempts_are_at_least_one() -> None:
    with pytest.raises(ValidationError, match="embed_attempts"):
        SourceRecipe(name="cages", embed_attempts=0)
