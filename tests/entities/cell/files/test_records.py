"""Cells of a file as records: whatever its columns are, the file is looked through and opened once."""

from __future__ import annotations

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest

from biomatrix.entities.cell.entity import Cell
from biomatrix.entities.cell.files import stores
from biomatrix.entities.cell.files.records import CellRanges
from biomatrix.entities.rejects import Reject

from .made_files import h5ad


@pytest.mark.parametrize("columns", ["genes", "peaks"])
def test_a_file_is_opened_once_and_closed(columns: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    peaks = anndata.AnnData(np.eye(3, dtype=np.float32), var=pd.DataFrame(index=["chr1:1-9", "chr1:20-30", "chr2:1-5"]))
    peaks.uns["assembly"] = "hg38"
    path = h5ad(tmp_path, made=peaks if columns == "peaks" else None)
    opened: list[Path] = []
    look = stores.inspect_heaps
    monkeypatch.setattr(stores, "inspect_heaps", lambda one: (opened.append(one), look(one))[1])
    with CellRanges(path) as ranges:
        (cell,) = ranges.read(0, 1)
        assert isinstance(cell, Cell)
        assert (cell.regions is not None) == (columns == "peaks")
    assert opened == [path]
    assert isinstance(ranges.read(0, 1)[0], Reject)
