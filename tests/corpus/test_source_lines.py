"""Tables of sources are opened as every other text: line ends, encodings, byte order marks."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from biomatrix.corpus.sources.source_lines import Lines
from biomatrix.corpus.sources.text_tables import DelimitedTable, FastaTable, JsonTable, MarkedTable, TextTable

CSV = "name,smiles\nethanol,CCO\ncaf\u00e9,CCN\n"
TABLES: dict[str, tuple[str, Callable[[Path], TextTable]]] = {
    "csv": (CSV, DelimitedTable),
    "fasta": (">a one\nMKT\nAYI\n>b\nMKV\n", FastaTable),
    "jsonl": ('{"name": "caf\u00e9"}\n{"name": "b"}\n', JsonTable),
    "smi": ("CCO a\nCCN b\n", lambda path: MarkedTable(path, "", None, "#")),
    "sdf": ("a\n\n\n  0  0\nM  END\n$$$$\nb\n\n\n  0  0\nM  END\n$$$$\n", lambda path: MarkedTable(path, None, "$$$$")),
}
FORMS: dict[str, Callable[[str], bytes]] = {
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16 big": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "carriage returns": lambda text: text.replace("\n", "\r").encode(),
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "latin": lambda text: text.encode("cp1252"),
    "gzip": lambda text: gzip.compress(text.encode()),
    "gzipped utf-16": lambda text: gzip.compress(text.encode("utf-16")),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", TABLES)
def test_the_same_rows_in_any_form(tmp_path: Path, name: str, form: str) -> None:
    text, table = TABLES[name]
    plain, other = tmp_path / "plain", tmp_path / "other"
    plain.write_bytes(text.encode())
    other.write_bytes(FORMS[form](text))
    expected = list(table(plain).rows())
    assert len(expected) == 2
    reading = table(other)
    assert list(reading.rows()) == expected
    starts = list(reading.starts())
    assert len(starts) == 2
    assert list(reading.rows(1, starts[1])) == expected[1:]
    assert list(reading.rows(1, starts[1])) == expected[1:]


def test_ordinary_files_are_read_from_any_row(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'name,smiles\r\n"two\rlines",CCO\r\nb,CCN\r\n')
    table = DelimitedTable(path)
    assert [row["name"] for row in table.rows()] == ["two\rlines", "b"]
    starts = list(table.starts())
    assert starts == [13, 30]
    assert [row["name"] for row in table.rows(1, starts[1])] == ["b"]


def test_another_encoding_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "t.smi").write_bytes(b"CCO caf\xe9\n" * 3)
    with caplog.at_level(logging.INFO, "biomatrix"):
        assert list(Lines(tmp_path / "t.smi")) == ["CCO caf\u00e9\n"] * 3
    assert [record.message for record in caplog.records] == ["t.smi: text that is not UTF-8 was read as Windows-1252"]
