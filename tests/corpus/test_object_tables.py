"""JSON of many objects, dumps, databases and text inside archives: rows from any place, broken ones alone refused."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from biomatrix.corpus.sources.archived_text import ArchivedDelimitedTable
from biomatrix.corpus.sources.copy_tables import CopyTable
from biomatrix.corpus.sources.json_objects import JsonObjectTable
from biomatrix.corpus.sources.sqlite_tables import SqliteTable
from biomatrix.corpus.sources.text_tables import BrokenRow, DelimitedTable
from biomatrix.errors import ParseError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='a"\\{}[]\n\u00e9,:'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.text(alphabet='k"\\{}'), VALUES, max_size=3), min_size=1, max_size=8)


@given(rows=OBJECTS, indent=st.none() | st.just(1), form=st.sampled_from(["array", "lines", "gzip"]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_objects_are_cut_wherever_they_stand(rows: list[Any], indent: int | None, form: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    text = "\n".join(map(json.dumps, rows)) if form == "lines" else json.dumps(rows, indent=indent, ensure_ascii=False)
    path.write_bytes(gzip.compress(text.encode()) if form == "gzip" else text.encode())
    table = JsonObjectTable(path)
    starts = list(table.starts())
    assert list(table.rows()) == rows
    assert len(starts) == len(rows)
    for number in reversed(range(len(rows))):
        assert next(JsonObjectTable(path).rows(number, starts[number])) == rows[number]


def test_a_long_array_is_read_in_pieces(tmp_path: Path) -> None:
    rows = [{"number": number, "text": '\\"{' * 5000} for number in range(100)]
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows) + "\n")
    table = JsonObjectTable(path)
    starts = list(table.starts())
    assert [next(table.rows(number, starts[number]))["number"] for number in (99, 50, 0)] == [99, 50, 0]


def test_a_cut_object_and_one_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text('[{"a": 1}, {"a": oops}, {"a": 3}, {"a": "cut')
    rows = list(JsonObjectTable(path).rows())
    assert [type(row) is BrokenRow for row in rows] == [False, True, False, True]
    path.write_text('{"a": "' + "x" * (17 << 20))
    (row,) = JsonObjectTable(path).rows()
    assert isinstance(row, BrokenRow)
    assert "longer than" in row.reason


def test_copy_blocks_of_a_dump(tmp_path: Path) -> None:
    path = tmp_path / "dump.sql"
    path.write_text(
        '-- PostgreSQL database dump\n\nCOPY public.one (id, "a name") FROM stdin;\n'
        "1\ttab\\there \\\\ line\\nend \\x41\\101\n2\t\\N\n3\n\\.\n\nCOPY two (id) FROM stdin;\n4\n\\.\n"
        "\n5\tnot a row\n"
    )
    rows = list(CopyTable(path).rows())
    assert rows == [
        {"id": "1", "a name": "tab\there \\ line\nend AA"},
        {"id": "2", "a name": None},
        {"id": "3"},
        {"id": "4"},
    ]
    assert isinstance(rows[2], BrokenRow)
    table = CopyTable(path)
    assert list(table.starts()) == [None] * 4
    assert [row["id"] for row in table.rows(2)] == ["3", "4"]


def test_rows_of_a_database_by_their_key(tmp_path: Path) -> None:
    path = tmp_path / "a #1?.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE item (number INTEGER PRIMARY KEY, title TEXT)")
        connection.executemany("INSERT INTO item VALUES (?, ?)", [(7 * n - 20, f"t{n}") for n in range(3000)])
        connection.execute("UPDATE item SET title = CAST(x'E9' AS TEXT) WHERE number = -20")
    connection.close()
    before = path.read_bytes()
    table = SqliteTable(path, "SELECT title FROM item", "SELECT number FROM item", "number")
    starts = list(table.starts())
    assert starts[:3] == [-20, -13, -6]
    assert next(table.rows())["title"] == "\u00e9", "text that is not UTF-8 is read as Windows-1252"
    assert [row["title"] for row in table.rows(2998, starts[2998])] == ["t2998", "t2999"]
    assert [row["title"] for row in table.rows(2999)] == ["t2999"]
    assert path.read_bytes() == before
    with pytest.raises(ParseError, match="no such table"):
        list(SqliteTable(path, "SELECT a FROM other", "SELECT b FROM other", "b").rows())


def _tar(path: Path, members: dict[str, bytes], mode: Any) -> None:
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def test_text_inside_archives_is_read_as_if_it_lay_there(tmp_path: Path) -> None:
    content = b"id,name\n1,one\n2,two\n"
    members = {
        "readme.txt": b"id,name\n9,nine",
        "folder/table.csv": content,
        "folder/more.csv.gz": gzip.compress(b"3,three"),
    }
    (tmp_path / "a.csv").write_bytes(content + b"3,three\n")
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    _tar(tmp_path / "c.tar", members, "w")
    _tar(tmp_path / "d.tar.gz", members, "w:gz")
    for name in ("a.csv", "b.zip", "c.tar", "d.tar.gz"):
        table = ArchivedDelimitedTable(tmp_path / name, lambda one: ".csv" in one)
        assert table.names == ["id", "name"]
        assert [row["name"] for row in table.rows()] == ["one", "two", "three"]
        assert [row["name"] for row in table.rows(1)] == ["two", "three"]
        assert all((start is not None) == (name == "a.csv") for start in table.starts())


@pytest.mark.parametrize("name", ["b.zip", "d.tar.gz"])
def test_cut_archives_name_the_file(name: str, tmp_path: Path) -> None:
    rows = b"id,name\n" + b"".join(b"%d,%x\n" % (n, n * n * 7919) for n in range(60_000))
    path = tmp_path / name
    if name == "b.zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", rows)
    else:
        _tar(path, {"a.csv": rows}, "w:gz")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ParseError, match=name):
        list(ArchivedDelimitedTable(path, lambda one: one.endswith(".csv")).rows())


def test_columns_of_one_name_are_numbered(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("chain\tid\tchain\tchain\nA\t1\tB\tC\n")
    assert list(DelimitedTable(path, "\t").rows()) == [{"chain": "A", "id": "1", "chain 2": "B", "chain 3": "C"}]
