"""Sources declare shippable licences, refuse test data, and give records that survive storage."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from biomatrix.corpus.holdout import is_held_out
from biomatrix.corpus.records import Record, records_from_table, records_to_table
from biomatrix.corpus.sources import SHIPPABLE_LICENCES, SOURCES, open_source
from biomatrix.corpus.sources.chains import REPOSITORY_LICENCES
from biomatrix.corpus.sources.exclusions import held_out_clusters, resembles_held_out
from biomatrix.corpus.sources.texts import chunks
from biomatrix.entities import Molecule, Protein
from biomatrix.errors import BioMatrixError, ConfigurationError


def read(name: str, root: Path, rows: slice = slice(None)) -> tuple[list[Record], list[str]]:
    source = open_source(name, root)
    records, reasons = [], []
    for identifier, row in islice(source.rows(), rows.start, rows.stop, rows.step):
        try:
            records.append(source.record(identifier, row))
        except BioMatrixError as error:
            reasons.append(error.message)
    return records, reasons


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_source_may_be_shipped_and_says_where_it_comes_from(name: str, tmp_path: Path) -> None:
    source = open_source(name, tmp_path)
    assert source.name == name
    assert source.provenance.licence
    assert set(source.provenance.licence) <= SHIPPABLE_LICENCES
    assert source.provenance.origin
    assert source.provenance.split
    assert not any("test" in Path(file).name.split("_") for file in source.provenance.files)


def test_chain_repositories_have_shippable_licences() -> None:
    assert set(REPOSITORY_LICENCES.values()) <= SHIPPABLE_LICENCES


def test_an_unknown_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no source 'zinc'"):
        open_source("zinc", tmp_path)


def test_molecules_are_read_and_refused_with_reasons(data: Path) -> None:
    records, reasons = read("opsin_names", data)
    assert len(records) == 8
    assert any("several fragments" in reason for reason in reasons)
    assert any("C1CC" in reason for reason in reasons)
    ethanol = records[0]
    assert ethanol.fields["name"] == "ethanol"
    assert ethanol.fields["formula"] == "C2H6O"
    assert ethanol.fields["weight"] == "46.1"


def test_related_proteins_are_refused(data: Path) -> None:
    records, reasons = read("cath_s20", data)
    assert len(records) == 10
    assert len([reason for reason in reasons if "20 residues" in reason]) == 2
    assert not any(resembles_held_out(r.entity.sequence, data) for r in records if isinstance(r.entity, Protein))


@pytest.mark.slow
def test_components_have_names_and_coordinates(tmp_path: Path) -> None:
    records, _ = read("ccd", tmp_path, slice(0, 20000, 400))
    assert len(records) > 40
    for record in records:
        assert isinstance(record.entity, Molecule)
        assert record.entity.has_conformer
        assert np.isfinite(record.entity.coordinates).all()
        assert (record.split == "held_out") == is_held_out(record.entity.smiles)
    assert sum("name" in record.fields for record in records) > 40


def test_records_survive_storage(data: Path, tmp_path: Path) -> None:
    records = [*read("ccd", tmp_path, slice(100, 104))[0], *read("cath_s20", data)[0][:2]]
    again = records_from_table(records_to_table(records))
    for one, other in zip(records, again, strict=True):
        assert (one.source, one.id, one.kind, one.split, one.fields) == (
            other.source,
            other.id,
            other.kind,
            other.split,
            other.fields,
        )
        if isinstance(one.entity, Molecule):
            assert isinstance(other.entity, Molecule)
            assert one.entity.smiles == other.entity.smiles
            assert np.allclose(one.entity.coordinates, other.entity.coordinates, atol=1e-5)


def test_pieces_of_a_text_hold_all_of_it() -> None:
    text = "One is short. " * 100 + "Two is a little longer than one. " * 50
    pieces = list(chunks(text, 300))
    assert " ".join(pieces) == " ".join(text.split())
    assert max(map(len, pieces)) <= 300


@pytest.mark.slow
def test_no_chain_of_a_held_out_cluster_is_trained_on(shared: Path) -> None:
    root = shared / "data"
    clusters = held_out_clusters(root)
    source = open_source("chains", root)
    trained = 0
    for identifier, row in source.rows():
        try:
            record = source.record(identifier, row)
        except BioMatrixError:
            continue
        if record.split == "train":
            trained += 1
            assert row.cluster not in clusters
            assert not row.benchmark
    assert trained > 2000
