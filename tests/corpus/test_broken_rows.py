"""What is broken in a file of text costs the record it stands in, and no other: quotation marks, long lines, NULs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources import delimited_rows, entity_files, json_objects, open_source, source_lines, text_tables
from biomatrix.corpus.sources.tables import Table
from biomatrix.corpus.sources.text_tables import (
    BrokenRow,
    CutRecord,
    DelimitedTable,
    FastaTable,
    JsonTable,
    MarkedTable,
)
from biomatrix.errors import BioMatrixError, LimitError

SMALL = replace(source_lines.LIMITS, record_bytes=100_000)
LONG = b"C" * (SMALL.record_bytes + 5)


@pytest.fixture
def _short_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take records of a hundredth of the size that sources do, so that a file of them is soon written."""
    for module in (source_lines, delimited_rows, text_tables, entity_files, json_objects):
        monkeypatch.setattr(module, "LIMITS", SMALL)


def outcome(path: Path, reader: str, **entry: object) -> tuple[list[str], dict[str, str]]:
    """Return the ids of the records of a file, and the reasons of the others, read in shards of two."""
    given = {"name": "mine", "reader": reader, "files": [path.name], **entry}
    source = open_source(SourceRecipe.model_validate(given), path.parent)
    records, reasons = [], {}
    for shard in source.shards(2):
        for identifier, row in source.read(shard):
            try:
                records.append(source.record(identifier, row).id)
            except BioMatrixError as error:
                reasons[identifier] = error.message
    return records, reasons


def molecules(path: Path) -> tuple[list[str], dict[str, str]]:
    return outcome(path, "csv", kind="molecule", entity="smiles", id="id")


def check_places(table: Table) -> None:
    """Check that reading may begin at every row, and gives the same as reading through."""
    rows, starts = list(table.rows()), list(table.starts())
    assert len(rows) == len(starts)
    for first, start in enumerate(starts):
        assert list(table.rows(first, start)) == rows[first:]


@pytest.mark.parametrize("second", ['"CCN', '"CCN\n3,"CCC'], ids=["to the end", "to another one"])
def test_an_open_quotation_mark_costs_its_own_row(tmp_path: Path, second: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"id,smiles\n1,CCO\n2,{second}\n4,CCF\n5,CCCl\n")
    records, reasons = molecules(path)
    assert records == ["1", "4", "5"]
    assert all("quotation mark" in reason for reason in reasons.values())
    assert len(reasons) == 1 + second.count("\n")
    check_places(DelimitedTable(path))


def test_values_of_several_lines_are_read_as_before(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,text\n1,"one\ntwo, ""three"""\n2,four\n')
    assert [row["text"] for row in DelimitedTable(path).rows()] == ['one\ntwo, "three"', "four"]


def test_lines_that_cannot_be_rows_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,text\n1,"one\ntwo\nthree\n')
    (row,) = DelimitedTable(path).rows()
    assert isinstance(row, BrokenRow)
    assert "the 2 lines behind it are not read" in row.reason


@given(st.lists(st.sampled_from(['"', ",", "\n", "\r", "a", '""', "\0", "\r\n", ' "', "é"]), max_size=30))
def test_no_row_of_any_table_is_lost_from_sight(tmp_path_factory: pytest.TempPathFactory, pieces: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "rows.csv"
    path.write_text("a,b\n" + "".join(pieces), encoding="utf-8", newline="")
    check_places(DelimitedTable(path))


@pytest.mark.usefixtures("_short_records")
def test_a_line_that_is_too_long_costs_its_own_record(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b'{"a": 1}\n{"a": "' + LONG + b'"}\n{"a": 3}\n')
    rows = list(JsonTable(path).rows())
    assert [isinstance(row, BrokenRow) for row in rows] == [False, True, False]
    check_places(JsonTable(path))
    path.write_bytes(b"id,smiles\n1,CCO\n2," + LONG + b"\n3,CC\n")
    rows = list(DelimitedTable(path).rows())
    assert [isinstance(row, BrokenRow) for row in rows] == [False, True, False]
    path.write_bytes(b"CCO a\n" + LONG + b" b\nCC c\n")
    lines = list(MarkedTable(path, "", None).rows())
    assert [isinstance(row, CutRecord) for row in lines] == [False, True, False]
    check_places(MarkedTable(path, "", None))
    path.write_bytes(b">a\nMKV\n>b\n" + LONG + b"\n>c\nMKT\n")
    records, reasons = outcome(path, "fasta", kind="protein")
    assert records == ["a", "c"]
    assert "past the limit" in reasons["b"]
    path.write_bytes(b">a\nMKV\n>" + LONG + b"\nMKT\n")
    with pytest.raises(LimitError, match="longer than"):
        list(FastaTable(path).rows())


@pytest.mark.usefixtures("_short_records")
def test_a_record_that_ends_the_reading_of_a_file_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.smi"
    path.write_bytes(b"CCO a\nxx b\nCC\0C c\nCCC d\nCCF e\n" + LONG + b" f\nCCl g\n")
    records, reasons = outcome(path, "smi")
    assert records == ["a", "d", "e", "g"]
    assert len(reasons) == 3
    assert any("a record of more than" in reason for reason in reasons.values())


def test_a_file_of_a_byte_order_mark_alone_has_no_record(tmp_path: Path) -> None:
    path = tmp_path / "a.smi"
    path.write_bytes(b"\xef\xbb\xbf")
    assert list(MarkedTable(path, "", None).starts()) == list(MarkedTable(path, "", None).rows()) == []


@pytest.mark.usefixtures("_short_records")
@pytest.mark.parametrize("unit", ["x", r"\"", r"\\", "{}"])
def test_a_json_object_that_is_too_long_costs_no_other(tmp_path: Path, unit: str) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"a": 1},\n{"a": [{"b": "}"}, "' + unit * 200_000 + '"]},\n{"a": 3}]')
    table = json_objects.JsonObjectTable(path)
    first, second, third = table.rows()
    assert (first, third) == ({"a": 1}, {"a": 3})
    assert isinstance(second, BrokenRow)
    assert "an object longer than" in second.reason
    check_places(table)
