"""The gathered table of affinities: pairs with a value, rows without one refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biomatrix.corpus.sources import open_source
from biomatrix.errors import ConfigurationError


def test_pairs(read: Any) -> None:
    records, refused = read("binding_affinity")
    assert records["1"].fields == {"affinity": "7.90", "relation": "=", "value": "0.0125", "unit": "uM"}
    assert refused == {"3": "no affinity in the row", "4": "no protein sequence in the row"}


def test_other_columns_are_named(tmp_path: Path) -> None:
    (tmp_path / "binding_affinity").mkdir()
    pq.write_table(pa.table({"seq": ["M"]}), tmp_path / "binding_affinity" / "a.parquet")
    with pytest.raises(ConfigurationError, match="no column smiles, neg_log10_affinity_M; there are: seq"):
        list(open_source("binding_affinity", tmp_path).rows())
