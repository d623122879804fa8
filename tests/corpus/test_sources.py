"""Sources declare shippable licences, refuse test data, and give records that survive storage."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biomatrix.corpus.holdout import is_held_out
from biomatrix.corpus.records import Record, records_from_table, records_to_table
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources import (
    SHIPPABLE_LICENCES,
    SOURCES,
    check_licences,
    open_source,
    register_source,
    unregister_source,
)
from biomatrix.corpus.sources.chains import REPOSITORY_LICENCES, held_out_clusters
from biomatrix.corpus.sources.conformers import closed_shell
from biomatrix.corpus.sources.texts import chunks
from biomatrix.entities import Molecule
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError


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


def test_a_reactant_of_several_reactions_is_read_once(tmp_path: Path) -> None:
    source = open_source("uspto50k_reactants", tmp_path)
    (file,) = source.paths
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table({"reactants": ["CCO.CC(=O)O", "CC(=O)O.CN.CN", None, "CCO"]}), file, row_group_size=2)
    read_once = {name: row["reactants"] for name, row in source.rows()}
    assert read_once == {"1.1": "CCO", "1.2": "CC(=O)O", "2.2": "CN"}
    shards = list(source.shards(2))
    assert [name for shard in shards for name, _ in source.read(shard)] == list(read_once)


@pytest.mark.slow
def test_components_have_names_and_coordinates(tmp_path: Path) -> None:
    records, _ = read("ccd", tmp_path, slice(0, 20000, 400))
    assert len(records) > 40
    for record in records:
        assert isinstance(record.entity, Molecule)
        assert record.entity.has_conformer
        assert np.isfinite(record.entity.coordinates).all()
        assert (record.split == "held_out") == is_held_out(record.entity)
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
        assert one.entity is not None
        assert other.entity is not None
        kept = kind_of(one.entity).to_bytes(one.entity)
        assert kind_of(other.entity).to_bytes(other.entity) == kept
        assert other.entity.name == one.id


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


@pytest.mark.parametrize("name", ["opsin_names", "cath_s20", "openstax"])
@pytest.mark.parametrize("size", [1, 3, 5, 1000])
def test_shards_cut_a_source_into_its_rows(name: str, size: int, data: Path) -> None:
    whole = list(open_source(name, data).rows())
    shards = list(open_source(name, data).shards(size))
    assert [shard.count for shard in shards[:-1]] == [size] * (len(shards) - 1)
    in_order = open_source(name, data)
    assert [row for shard in shards for row in in_order.read(shard)] == whole
    for number, shard in reversed(list(enumerate(shards))):  # a worker may begin anywhere
        assert list(open_source(name, data).read(shard)) == whole[number * size : (number + 1) * size]


def test_licences_are_the_recipes_affair(data: Path) -> None:
    source = open_source("openstax", data)
    check_licences([source])
    with pytest.raises(ConfigurationError, match=r"openstax: CC-BY-3\.0, CC-BY-4\.0"):
        check_licences([source], allow=["MIT"])
    entry = SourceRecipe(name="mine", reader="parquet", files=["text/*.parquet"], fields={"text": "text"})
    with pytest.raises(ConfigurationError, match="mine: unstated"):
        check_licences([open_source(entry, data)])
    check_licences([open_source(entry, data)], allow=["unstated"])


def test_a_registered_source_opens_by_name(data: Path) -> None:
    factory = SOURCES["openstax"]
    register_source("pages", factory)
    try:
        assert list(open_source("pages", data).rows()) == list(open_source("openstax", data).rows())
        with pytest.raises(ConfigurationError, match="already registered"):
            register_source("pages", SOURCES["cath_s20"])
    finally:
        unregister_source("pages")
    with pytest.raises(ConfigurationError, match="no source 'pages'"):
        open_source("pages", data)


def test_molecules_with_open_valences_are_refused(tmp_path: Path) -> None:
    methyl = Molecule.from_arrays([6, 1, 1, 1], np.eye(4, 3), [0, 1, 1, 0, 2, 1, 0, 3, 1])
    assert "unpaired" in methyl.notes[0]
    with pytest.raises(ParseError, match="open valences"):
        closed_shell(methyl)
    methane = Molecule.from_arrays([6, 1, 1, 1, 1], np.eye(5, 3), [0, 1, 1, 0, 2, 1, 0, 3, 1, 0, 4, 1])
    assert Molecule.from_rdkit(closed_shell(methane)).smiles == "C"
