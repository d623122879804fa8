"""A table read from any row on gives the rows that reading it whole gives, packed or not."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biomatrix.corpus.sources.base import Shard, whole_shard
from biomatrix.corpus.sources.source_lines import Lines
from biomatrix.corpus.sources.tables import ParquetTable, RowTable, Table
from biomatrix.corpus.sources.text_tables import DelimitedTable, FastaTable, JsonTable, MarkedTable
from biomatrix.errors import BioMatrixError, ParseError

COUNT = 23
VALUES = [f"value {i}" if i % 5 else f'two\nlines, "{i}" é' for i in range(COUNT)]


def write(path: Path, text: str) -> None:
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", encoding="utf-8", newline="") as handle:
        handle.write(text)


def delimited(path: Path) -> Table:
    rows = "".join(f'{i},"{value.replace(chr(34), chr(34) * 2)}"\r\n' for i, value in enumerate(VALUES))
    write(path, "number,value\r\n\r\n" + rows)
    return DelimitedTable(path)


def json_lines(path: Path) -> Table:
    write(path, "\n".join(json.dumps({"value": value}) + "\n" for value in VALUES))
    return JsonTable(path)


def fasta(path: Path) -> Table:
    write(path, "; a comment\n" + "".join(f">p{i} of many\nMKT\n{'a' * i}\n\n" for i in range(COUNT)))
    return FastaTable(path)


def closed_records(path: Path) -> Table:
    write(path, "".join(f"{'' if i % 3 else 'title'}\nbody {i}\n$$$$\n" for i in range(COUNT)) + "\n")
    return MarkedTable(path, None, "$$$$")


def opened_records(path: Path) -> Table:
    write(path, "# a comment\n" + "".join(f"@<TRIPOS>MOLECULE\n{i}\n\n" for i in range(COUNT)))
    return MarkedTable(path, "@<TRIPOS>MOLECULE", None)


def lines(path: Path) -> Table:
    write(path, "".join(f"C{'C' * i} name\n" for i in range(COUNT)))
    return MarkedTable(path, "", None)


TABLES: dict[str, Callable[[Path], Table]] = {
    "csv": delimited,
    "jsonl": json_lines,
    "fasta": fasta,
    "sdf": closed_records,
    "mol2": opened_records,
    "smi": lines,
}


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("name", sorted(TABLES))
def test_text_is_read_from_any_record_on(name: str, packed: str, tmp_path: Path) -> None:
    path = tmp_path / f"table.{name}{packed}"
    table = TABLES[name](path)
    whole = list(table.rows())
    starts = list(table.starts())
    assert len(whole) == len(starts) == COUNT
    assert all((start is None) == bool(packed) for start in starts)
    order = list(range(COUNT))
    Random(0).shuffle(order)
    for first in [*range(COUNT), *order]:
        reading = table.rows(first, starts[first])
        assert [row for _, row in zip(range(3), reading, strict=False)] == whole[first : first + 3]


def test_quoted_rows_are_those_of_the_csv_module(tmp_path: Path) -> None:
    table = delimited(tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as handle:
        assert list(table.rows()) == list(csv.DictReader(handle))


@pytest.mark.parametrize("group", [4, 7, 5000])
def test_parquet_is_read_from_any_row_on(group: int, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    rows = [{"number": i, "left_out": i} for i in range(5000)]
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=group)
    table = ParquetTable(path, ["number"])
    assert sum(1 for _ in table.starts()) == 5000
    for first in (0, 1, 3, 4, 1023, 1024, 2500, 4999, 5000, 2, 1500):
        found = [row["number"] for _, row in zip(range(1500), table.rows(first), strict=False)]
        assert found == list(range(first, min(first + 1500, 5000)))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "t.parquet")
    with pytest.raises(ParseError, match="no column b"):
        list(ParquetTable(tmp_path / "t.parquet", ["a", "b"]).rows())


def test_rows_in_memory_have_numbers_too() -> None:
    assert list(RowTable("abc").rows(1)) == ["b", "c"]


@pytest.mark.parametrize("packed", ["", ".gz"])
def test_an_interrupted_reading_loses_no_row(packed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = lines(tmp_path / f"table.smi{packed}")
    whole, starts = list(table.rows()), list(table.starts())
    following = Lines.__next__
    left = iter([*[False] * 5, True])

    def interrupted(self: Lines) -> str:
        if next(left, False):
            raise KeyboardInterrupt
        return following(self)

    monkeypatch.setattr(Lines, "__next__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(table.rows())
    assert list(table.rows(7, starts[7])) == whole[7:]


def test_an_interrupted_reading_of_parquet_loses_no_row(tmp_path: Path) -> None:
    pq.write_table(pa.table({"number": list(range(3000))}), tmp_path / "t.parquet")
    table = ParquetTable(tmp_path / "t.parquet", ["number"])
    reading = table.rows()
    next(reading)

    def interrupted() -> Iterator[Any]:
        raise KeyboardInterrupt
        yield

    table._batches = interrupted()
    with pytest.raises(KeyboardInterrupt):
        list(reading)
    assert [row["number"] for row in table.rows(1500)] == list(range(1500, 3000))


def test_a_shard_with_fewer_rows_than_its_index_is_refused() -> None:
    with pytest.raises(ParseError, match=r"source s: 2 rows .* says 3"):
        list(whole_shard(iter("ab"), Shard(0, 0, None, 0, 3), "s"))


def test_lines_have_an_end_and_no_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "t.smi"
    path.write_bytes(b"\xef\xbb\xbfCCO a\nCC b\n")
    reading = Lines(path)
    assert list(reading) == ["CCO a\n", "CC b\n"]
    assert list(reading) == []
    table = MarkedTable(path, "", None)
    assert list(table.starts()) == [0, 9]
    assert list(table.rows(0, 0)) == ["CCO a\n", "CC b\n"]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_broken_gzip_data_names_the_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{name}.gz"
    TABLES[name](path)
    path.write_bytes(path.read_bytes()[:-12])
    table = TABLES[name](tmp_path / f"other.{name}.gz")
    table.path = path
    with pytest.raises(ParseError, match="broken gzip data") as caught:
        list(table.rows())
    assert path.name in str(caught.value)


def test_a_broken_parquet_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": [f"value {i}" for i in range(9000)]}), path, row_group_size=3000)
    raw = path.read_bytes()
    path.write_bytes(raw[:4] + b"\xff" * (len(raw) // 2) + raw[4 + len(raw) // 2 :])
    with pytest.raises(ParseError, match=r"t\.parquet"):
        list(ParquetTable(path, ["a"]).rows())


def test_a_header_that_is_no_row_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a" * (csv.field_size_limit() + 1))
    with pytest.raises(BioMatrixError, match=r"t\.csv"):
        DelimitedTable(tmp_path / "t.csv").names  # noqa: B018


@pytest.mark.parametrize("packed", ["", ".gz"])
def test_text_before_the_first_header_of_fasta_is_refused(packed: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.fasta{packed}"
    write(path, "; fine\n\nMKV\n>a\nMKV\n")
    for reading in (FastaTable(path).starts(), FastaTable(path).rows()):
        with pytest.raises(ParseError, match=r"starts with >"):
            list(reading)
