"""Tables of chains: a broken row is named and left out, a table of something else refused."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biomatrix.entities import Reject
from biomatrix.entities.protein.files.chain_table import chain_rows, read_chains
from biomatrix.errors import ParseError

SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "chain": pa.string(),
        "sequence": pa.string(),
        "coords": pa.list_(pa.int16()),
        "res_num": pa.list_(pa.int32()),
        "source_repo": pa.string(),
        "cluster30": pa.int32(),
        "split": pa.string(),
        "benchmark": pa.list_(pa.string()),
    }
)


def row(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": name,
        "chain": "A",
        "sequence": "AG",
        "coords": [*range(23), -32768],
        "res_num": [4, 5],
        "source_repo": "biotite-dev/biotite",
        "cluster30": 7,
        "split": "train",
        "benchmark": None,
    } | changes


def table(path: Path, *rows: dict[str, Any], schema: pa.Schema = SCHEMA) -> Path:
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)
    return path


def test_a_row_becomes_a_chain(tmp_path: Path) -> None:
    (record,) = read_chains(table(tmp_path / "c.parquet", row("1abc_A", benchmark=["cameo"])))
    assert (record.protein.name, record.protein.sequence, record.cluster, record.split) == ("1abc_A", "AG", 7, "train")
    assert record.benchmark == ("cameo",)
    assert record.protein.backbone is not None
    np.testing.assert_allclose(record.protein.backbone[1, 0], [0.12, 0.13, 0.14], atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"coords": [1, 2, 3]}, "3 coordinates for 2 residues"),
        ({"coords": None}, "0 coordinates for 2 residues"),
        ({"coords": [None] * 24}, "a list of numbers lacks one"),
        ({"sequence": None}, "no value in the column sequence"),
        ({"cluster30": None}, "no value in the column cluster30"),
    ],
)
def test_a_broken_row_is_named_and_the_others_are_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, changes: dict[str, Any], reason: str
) -> None:
    path = table(tmp_path / "c.parquet", row("good"), row("bad", **changes), row("also good"))
    first, broken, last = chain_rows(path)
    assert isinstance(broken, Reject)
    assert (broken.file, broken.record) == (str(path), "bad")
    assert reason in broken.reason
    assert not isinstance(first, Reject)
    assert not isinstance(last, Reject)
    with caplog.at_level(logging.WARNING):
        assert [record.protein.name for record in read_chains(path)] == ["good", "also good"]
    assert "record bad" in caplog.text


def test_a_row_without_a_name_is_known_by_its_number(tmp_path: Path) -> None:
    _, broken = chain_rows(table(tmp_path / "c.parquet", row("good"), row("x", id=None)))
    assert isinstance(broken, Reject)
    assert broken.record == 2


def test_another_table_is_refused_by_the_column_that_is_wrong(tmp_path: Path) -> None:
    names = [field for field in SCHEMA if field.name != "split"]
    lacking = table(tmp_path / "a.parquet", {"id": "x"}, schema=pa.schema(names))
    with pytest.raises(ParseError, match="no column split"):
        list(chain_rows(lacking))
    place = SCHEMA.get_field_index("coords")
    other = table(tmp_path / "b.parquet", schema=SCHEMA.set(place, pa.field("coords", pa.string())))
    with pytest.raises(ParseError, match="column coords holds text, not lists of whole numbers"):
        list(chain_rows(other))
    (tmp_path / "c.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(ParseError, match="not a table of chains"):
        list(chain_rows(tmp_path / "c.parquet"))
