"""Rows of JSON files: lists larger than a piece, lines, and what is broken in them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biomatrix.entities.rejects import Reject
from biomatrix.tasks.benchmarks.official_files import json_rows as module
from biomatrix.tasks.benchmarks.official_files.json_rows import json_rows

_ROWS = [
    {"input": "MKT", "output": f'{number} ; \u00e9 [x] {{y}} \\ "z"', "more": [{}, None, 1.5]} for number in range(50)
]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PIECE", 7)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_list_is_read_in_pieces(tmp_path: Path, indent: int | None, mark: str) -> None:
    path = tmp_path / "rows.json"
    path.write_text(mark + json.dumps(_ROWS, indent=indent, ensure_ascii=False), encoding="utf-8")
    assert list(json_rows(path)) == _ROWS


def test_lines_are_read_packed_or_not(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress("\n\n".join(map(json.dumps, _ROWS)).encode()))
    assert list(json_rows(path)) == _ROWS


def test_a_broken_line_does_not_end_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n{"a": \n[1]\n{"a": NaN}\n{"a": 2}\n', encoding="utf-8")
    found = list(json_rows(path))
    assert [row for row in found if not isinstance(row, Reject)] == [{"a": 1}, {"a": 2}]
    assert [row.record for row in found if isinstance(row, Reject)] == [2, 3, 4]


@pytest.mark.parametrize(
    ("text", "good"),
    [('[{"a": 1}, {"a": ', 1), ('[{"a": 1} {"a": 2}]', 0), ("[1, {}]", 1), ("[" * 100_000, 0), ("[", 0), ("[,]", 0)],
)
def test_a_broken_list_ends_with_a_reject(tmp_path: Path, text: str, good: int) -> None:
    path = tmp_path / "rows.json"
    path.write_text(text, encoding="utf-8")
    found = list(json_rows(path))
    assert sum(not isinstance(row, Reject) for row in found) == good
    assert any(isinstance(row, Reject) for row in found)


def test_an_empty_list_has_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(" [ ] ", encoding="utf-8")
    assert list(json_rows(path)) == []


@given(data=st.binary(max_size=80))
def test_no_bytes_raise(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("bytes") / "rows.json"
    path.write_bytes(data)
    assert all(isinstance(row, dict | Reject) for row in json_rows(path))
