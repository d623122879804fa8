"""A recipe alone turns files of any kind, one from outside the package included, into records and tokens."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biomatrix.corpus.build import tokenised
from biomatrix.corpus.build_vocabulary import build_vocabulary
from biomatrix.corpus.recipe import CorpusRecipe
from biomatrix.corpus.records import Record
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources import open_source
from biomatrix.corpus.sources.entity_files import CutFileSource, WholeFileSource
from biomatrix.entities import Molecule
from biomatrix.entities.kind_registry import ENVIRONMENT, kind
from biomatrix.errors import BioMatrixError, ConfigurationError

LETTERS = ["".join(letters) for letters in product("oxv", repeat=4)]
TABLE = {"kind": "beads", "entity": "string", "id": "name", "fields": {"colour": "hue"}}


@pytest.fixture(autouse=True)
def _toy_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.setenv(ENVIRONMENT, "beads:BEADS")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The same strings in every layout, one of them broken."""
    rows = [{"name": f"b{i}", "string": text, "colour": "red"} for i, text in enumerate([*LETTERS, "oxq"])]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet", row_group_size=10)
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name, mark in (("t.csv", ","), ("t.tsv", "\t")):
        lines = [mark.join(rows[0]), *(mark.join(row.values()) for row in rows)]
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    listed = "".join(f"{row['string']} {row['name']}\n" for row in rows)
    (tmp_path / "t.beads").write_text(listed)
    (tmp_path / "t.necklace").write_text(listed)
    return tmp_path


def records(entry: SourceRecipe, root: Path, size: int = 7) -> tuple[list[Record], list[str]]:
    source = open_source(entry, root)
    found, reasons = [], []
    for shard in list(source.shards(size)):
        for identifier, row in source.read(shard):
            try:
                found.append(source.record(identifier, row))
            except BioMatrixError as error:
                reasons.append(error.message)
    return found, reasons


@pytest.mark.parametrize("reader", ["csv", "tsv", "jsonl", "parquet", "beads", "necklace"])
def test_every_reader_gives_the_same_records(reader: str, data: Path) -> None:
    described = TABLE if reader in ("csv", "tsv", "jsonl", "parquet") else {"kind": "beads"}
    entry = SourceRecipe.model_validate({"name": "mine", "reader": reader, "files": [f"t.{reader}"], **described})
    found, reasons = records(entry, data)
    assert [kind("beads").text(record.entity) for record in found] == LETTERS
    assert [record.id.removeprefix("t.necklace:") for record in found] == [f"b{i}" for i in range(len(LETTERS))]
    assert reasons == ["not beads: 'oxq'"]
    assert all(record.fields == ({"hue": "red"} if described is TABLE else {}) for record in found)
    assert {record.split for record in found} == {"train", "held_out"}
    again = {kind("beads").text(r.entity): r.split for r in records(entry, data, 50)[0]}
    assert again == {kind("beads").text(r.entity): r.split for r in found}


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_csv_of_a_spreadsheet_is_read_by_the_mark_of_its_header(mark: str, tmp_path: Path) -> None:
    rows = [["name", "string", "colour"], ["b0", "oxv", "1,5"], ["b1", "vxo", f'"2{mark}5"']]
    (tmp_path / "t.csv").write_text("".join(f"{mark.join(row)}\r\n" for row in rows), encoding="utf-8-sig", newline="")
    found, reasons = records(
        SourceRecipe.model_validate({"name": "m", "reader": "csv", "files": ["t.csv"], **TABLE}), tmp_path
    )
    assert [(record.id, record.fields["hue"]) for record in found] == [("b0", "1,5"), ("b1", f"2{mark}5")]
    assert reasons == []


def test_a_table_in_windows_1252_keeps_its_letters(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("name,string,colour\nb0,oxv,grün\nb1,vxo,".encode("cp1252") + "weiß\n".encode())
    entry = {"name": "m", "reader": "csv", "files": ["t.csv"], **TABLE}
    found, _ = records(SourceRecipe.model_validate(entry), tmp_path)
    assert [record.fields["hue"] for record in found] == ["grün", "weiß"]


def test_rows_that_do_not_fit_their_columns_are_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("name,string,colour\n1,2-red,oxv,red\nb1,oxv,red\n")
    entry = {"name": "m", **TABLE}
    found, reasons = records(SourceRecipe.model_validate({**entry, "reader": "csv", "files": ["t.csv"]}), tmp_path)
    assert [record.id for record in found] == ["b1"]
    assert reasons == ["4 values under 3 columns: quote values that hold the separator"]
    (tmp_path / "t.jsonl").write_text('{"name": "b1", "string": "oxv"}\n{"name": \n["oxv"]\n')
    found, reasons = records(SourceRecipe.model_validate({**entry, "reader": "jsonl", "files": ["t.jsonl"]}), tmp_path)
    assert [record.id for record in found] == ["b1"]
    assert reasons == ["the line is not JSON", "the line is no JSON object, in braces"]


def test_a_column_that_is_not_there_is_told_with_its_nearest_and_with_turned_fields(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Name,String,Colour\nb0,oxv,red\n")
    entry = {"name": "m", "reader": "csv", "files": ["t.csv"], "kind": "beads", "entity": "string"}
    with pytest.raises(ConfigurationError, match=r"no column string; .* did you mean String"):
        records(SourceRecipe.model_validate(entry), tmp_path)
    entry |= {"entity": "String", "fields": {"hue": "Colour"}}
    with pytest.raises(ConfigurationError, match=r"no column hue; .* fields gives each column the name of its field"):
        records(SourceRecipe.model_validate(entry), tmp_path)


def test_capitals_of_fasta_are_read_by_the_kind(tmp_path: Path) -> None:
    (tmp_path / "p.fasta").write_text(">p1 first of two\nmktw\n>p2\nMK9\n")
    fields = {"description": "name"}
    entry = SourceRecipe(name="p", reader="fasta", files=["*.fasta"], kind="protein", fields=fields)
    found, reasons = records(entry, tmp_path)
    assert [(record.id, record.fields, record.kind) for record in found] == [
        ("p1", {"name": "first of two"}, "protein"),
    ]
    assert "'9' is no amino acid" in reasons[0]


def test_a_large_structure_file_is_cut_at_its_records(tmp_path: Path) -> None:
    molecules = [Molecule.from_smiles("C" * (1 + i), name=f"m{i}").embed(seed=1) for i in range(5)]
    kind("molecule").write(molecules, tmp_path / "all.sdf.gz", "sdf")
    source = open_source(SourceRecipe(name="s", reader="sdf", files=["all.sdf.gz"]), tmp_path)
    assert isinstance(source, CutFileSource)
    shards = list(source.shards(2))
    assert [shard.count for shard in shards] == [2, 2, 1]
    found = [source.record(*row) for shard in shards for row in source.read(shard)]
    assert [record.id for record in found] == [f"m{i}" for i in range(5)]
    assert [record.id for record in (source.record(*row) for row in source.rows())] == [f"m{i}" for i in range(5)]
    for record, molecule in zip(found, molecules, strict=True):
        assert isinstance(record.entity, Molecule)
        assert record.entity.same_as(molecule, tolerance=1e-3)


def test_files_that_cannot_be_cut_are_read_whole(data: Path) -> None:
    (data / "u.necklace").write_text("ooo\n")
    source = open_source(SourceRecipe(name="n", reader="necklace", files=["*.necklace"]), data)
    assert isinstance(source, WholeFileSource)
    assert [shard.count for shard in source.shards(1)] == [1, 1]
    assert [identifier for identifier, _ in source.rows()][-1] == "u.necklace:1"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"reader": "csv", "files": ["t.csv"]}, "give the kind"),
        ({"reader": "csv", "files": ["t.csv"], "kind": "beads"}, "letters o, x and v"),
        ({"reader": "csv", "files": ["t.csv"], "kind": "beads", "entity": "smiles"}, "no column smiles"),
        ({"reader": "csv", "files": ["x*.csv"], "kind": "beads", "entity": "string"}, "no file matches"),
        ({"reader": "csv", "files": ["/etc/*"], "kind": "beads", "entity": "string"}, "relative to the data folder"),
        ({"reader": "csv", "files": ["t.csv"], "kind": "pearls", "entity": "string"}, "no kind of entity"),
        ({"reader": "hdf", "files": ["t.csv"]}, "no reader 'hdf'"),
        ({"reader": "beads", "files": ["t.beads"], "fields": {"a": "b"}}, "no columns"),
    ],
)
def test_a_wrong_description_says_what_is_wrong(entry: dict[str, object], message: str, data: Path) -> None:
    with pytest.raises(ConfigurationError, match=message):
        list(open_source(SourceRecipe.model_validate({"name": "mine", **entry}), data).shards(10))


def test_a_description_needs_a_reader_and_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="or give a reader"):
        open_source(SourceRecipe(name="mine", files=["a.csv"]), tmp_path)
    with pytest.raises(ValueError, match="need a reader"):
        SourceRecipe(name="mine", files=["a.csv"], kind="beads")
    with pytest.raises(ValueError, match="needs files"):
        SourceRecipe(name="mine", reader="csv")
    with pytest.raises(ValueError, match="name"):
        SourceRecipe(name="../mine")


@pytest.mark.slow
def test_worker_processes_know_the_kind(data: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    sources = [
        {"name": "table", "reader": "csv", "files": ["t.csv"], "licence": ["MIT"], **TABLE},
        {"name": "files", "reader": "beads", "files": ["*.beads"], "licence": ["MIT"]},
    ]
    settings = {"views": {}, "tasks": {}, "modalities": ["beads_letters"], "slice_rows": 20}
    recipe = CorpusRecipe.model_validate({"name": "beads", "sources": sources, **settings})
    found = {}
    for workers in (1, 2):
        slices = tokenised(recipe, data, tmp_path_factory.mktemp("work"), workers=workers)
        read = [record for group in slices.values() for item in group for record in item.read(("train", "held_out"))]
        found[workers] = [(record.source, record.id, record.tokens) for record in read]
        assert len(read) == 2 * len(LETTERS)
    assert found[1] == found[2]
    vocabulary = build_vocabulary(slices, recipe)
    beads = kind("beads").parse("oxv")
    assert len(vocabulary.encode_entity(beads, "beads_letters")) == 5


def test_values_that_are_not_text_are_refused_row_by_row(tmp_path: Path) -> None:
    rows = [
        '{"string": "oxv", "name": NaN, "colour": NaN}',
        '{"string": NaN}',
        '{"string": true}',
        '{"string": 12}',
        '{"string": "oxv", "name": "\\ud800"}',
        '{"string": "oxv", "colour": "\\ud800"}',
        '{"string": "o\\udfff"}',
        '{"string": "ooo", "name": "\\ud83d\\ude00"}',
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(rows) + "\n")
    entry = SourceRecipe.model_validate({"name": "mine", "reader": "jsonl", "files": ["t.jsonl"], **TABLE})
    found, reasons = records(entry, tmp_path)
    assert [(record.id, record.fields) for record in found] == [("1", {}), ("\U0001f600", {})]
    assert [reason.split(",")[0] for reason in reasons] == [
        "no value in the column string",
        "the column string holds True",
        "the column string holds 12",
        *["a value holds half of a surrogate pair"] * 3,
    ]


@pytest.mark.parametrize("size", [1, 2, 50])
def test_comments_of_smiles_are_no_records(size: int, tmp_path: Path) -> None:
    (tmp_path / "t.smi").write_bytes(b"\xef\xbb\xbf# one\nCCO\n# two\n\nC1CC\n# three\nCCN\n")
    entry = SourceRecipe(name="s", reader="smi", kind="molecule", files=["t.smi"])
    source = open_source(entry, tmp_path)
    assert sum(shard.count for shard in source.shards(size)) == 3
    read = [identifier for shard in list(source.shards(size)) for identifier, _ in source.read(shard)]
    assert read == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("reader", "name", "category"),
    [("sdf", "a.sdf", "molecule"), ("files", "a.pdb", "protein"), ("csv", "a.csv", "text")],
)
def test_what_is_read_says_where_it_is_counted(tmp_path: Path, reader: str, name: str, category: str) -> None:
    (tmp_path / name).write_text("HEADER    X\n" if name == "a.pdb" else "text\nword\n")
    fields = {"text": "text"} if reader == "csv" else {}
    source = open_source(SourceRecipe(name="s", reader=reader, files=[name], fields=fields), tmp_path)
    assert source.provenance.category == category
