"""A recipe says how much may be tried for each conformer; a molecule left without one carries the reason."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from pydantic import ValidationError

from biomatrix.corpus.build_records import build_records
from biomatrix.corpus.build_tokens import TokenisedSlice
from biomatrix.corpus.refusals import described, refused_records
from biomatrix.corpus.source_recipe import SourceRecipe
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
        records = [source.record(identifier, row) for identifier, row in source.rows()]
        plain, cage = (record.entity for record in records)
        left_out = [list(source.left_out(record)) for record in records]
    finally:
        unregister_source("cages")
    assert plain is not None
    assert plain.has_structure
    assert cage is not None
    assert not cage.has_structure
    assert "no conformer" in cage.notes[-1]
    assert "3 starting positions" in cage.notes[-1]
    assert left_out == [[], [cage.notes[-1]]]


def test_attempts_are_at_least_one() -> None:
    with pytest.raises(ValidationError, match="embed_attempts"):
        SourceRecipe(name="cages", embed_attempts=0)


def test_molecules_without_a_conformer_are_counted(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "cages.csv.gz", "wt") as stream:
        stream.write(f"smiles\nCCO\n{CAGE}\n")
    register_source("cages", a_source)
    try:
        slices = build_records([SourceRecipe(name="cages", embed_attempts=3)], tmp_path, tmp_path / "work")["cages"]
    finally:
        unregister_source("cages")
    counted = refused_records({"cages": [TokenisedSlice("cages", "0", slices[0].folder, (), "x")]})
    assert "refused records: 1\n  cages, record" in described({"records": counted})
    assert "no conformer: RDKit could not embed" in described({"records": counted})
