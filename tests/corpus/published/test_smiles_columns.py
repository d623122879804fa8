"""MolTextNet and ZINC20: columns by the names they have had, broken rows refused alone."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biomatrix.corpus.sources import open_source
from biomatrix.errors import ConfigurationError, ParseError


def test_moltextnet_pairs(read: Any) -> None:
    records, refused = read("moltextnet")
    assert records["CHEMBL9900000"].fields["description"].startswith("An invented description")
    assert refused == {"CHEMBL9900003": "not a SMILES string RDKit can read: 'C1CC'"}


def test_moltextnet_without_ids_and_with_missing_values(tmp_path: Path, read: Any) -> None:
    (tmp_path / "moltextnet").mkdir()
    table = pa.table({"smiles": ["CCO", None, "CCN"], "description": ["Ethanol.", "Nothing.", None], "more": [1, 2, 3]})
    for name in "ab":
        pq.write_table(table, tmp_path / "moltextnet" / f"{name}.parquet")
    records, refused = read("moltextnet", tmp_path)
    assert list(records) == ["a.parquet:1", "a.parquet:3", "b.parquet:1", "b.parquet:3"]
    assert "description" not in records["a.parquet:3"].fields
    assert set(refused.values()) == {"no SMILES in the row"}


def test_other_files_are_refused_whole(tmp_path: Path) -> None:
    (tmp_path / "moltextnet").mkdir()
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "moltextnet" / "a.parquet")
    with pytest.raises(ConfigurationError, match="no column canonical_smiles or smiles; there are: text"):
        list(open_source("moltextnet", tmp_path).rows())
    (tmp_path / "moltextnet" / "a.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(ParseError, match="not a Parquet file"):
        list(open_source("moltextnet", tmp_path).rows())


def test_zinc_tranches_plain_and_packed(tmp_path: Path, samples: Path, read: Any) -> None:
    folder = Path(shutil.copytree(samples / "zinc20", tmp_path / "zinc20"))
    content = (folder / "AA" / "AAAA.smi").read_bytes()
    (folder / "BA").mkdir()
    (folder / "BA" / "BAAA.smi.gz").write_bytes(gzip.compress(content + b"CCO ZINC1 surplus\nCC(\xe9 ZINC2\nCCO\n"))
    records, refused = read("zinc20", tmp_path)
    assert len(records) == 6, "the packed file repeats five molecules; one row has no id"
    assert refused["ZINC990000009999"] == "a wildcard atom has no SELFIES symbol"
    assert refused["ZINC1"].startswith("3 values under 2 columns")
    assert refused["ZINC2"].startswith("not a SMILES string")
