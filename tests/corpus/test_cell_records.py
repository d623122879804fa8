"""Cells of one file as records: slices by runs of rows, the same whoever does them, and nothing done twice."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from biomatrix.corpus.build_records import RecordSlice, build_records
from biomatrix.corpus.records import Record, read_batches, records_from_table
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources.registry import open_source
from biomatrix.entities.cell.entity import Cell
from biomatrix.entities.cell.files.backed import BackedCellSet
from biomatrix.errors import ConfigurationError

pytest.importorskip("anndata")
from ..entities.cell.files.made_files import cells, counts, h5ad

ENTRY = SourceRecipe(name="cells", reader="h5ad", files=["cells.h5ad"], kind="cell", licence=["CC0-1.0"], origin="made")
ROWS = 50


def _records(item: RecordSlice) -> list[Record]:
    return [one for batch in read_batches(item.folder / "records.parquet") for one in records_from_table(batch)]


def _contents(slices: dict[str, list[RecordSlice]]) -> list[str]:
    files = [sorted(item.folder.glob("records*")) for item in slices["cells"]]
    return [hashlib.sha256(path.read_bytes()).hexdigest() for group in files for path in group]


def test_a_file_of_cells_is_cut_by_rows(tmp_path: Path) -> None:
    made = counts(cells=230)
    h5ad(tmp_path, made=cells(made))
    slices = build_records([ENTRY], tmp_path, tmp_path / "one", size=ROWS)
    assert [(item.shard.first, item.shard.count) for item in slices["cells"]] == [
        (0, 50), (50, 50), (100, 50), (150, 50), (200, 30),
    ]  # fmt: skip
    records = [record for item in slices["cells"] for record in _records(item)]
    assert [record.id for record in records] == [f"cell{row}" for row in range(230)]
    with BackedCellSet(tmp_path / "cells.h5ad") as whole:
        assert len(whole) == 230
    two = build_records([ENTRY], tmp_path, tmp_path / "two", size=ROWS, workers=2)
    assert _contents(two) == _contents(slices) != []


def test_a_recipe_says_which_matrix_is_read_and_what_its_values_are(tmp_path: Path) -> None:
    made = cells(counts(cells=60))
    made.layers["counts"], made.layers["twice"] = made.X, made.X * 2
    made.X = made.X * 3
    made.write_h5ad(tmp_path / "cells.h5ad")
    found = {}
    for layer, values in (("counts", "counts"), ("twice", "rank")):
        entry = ENTRY.model_copy(update={"settings": {"layer": layer, "values": values}})
        slices = build_records([entry], tmp_path, tmp_path / "work", size=ROWS)  # one folder: the slices are made again
        found[layer] = [record.entity for item in slices["cells"] for record in _records(item)]
    for once, twice in zip(found["counts"], found["twice"], strict=True):
        assert isinstance(once, Cell)
        assert isinstance(twice, Cell)
        assert (once.scale, twice.scale) == ("counts", "rank")
        assert (once.values * 2 == twice.values).all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"settings": {"value": "counts"}}, "no option value; cells take: values, layer, totals, assembly"),
        ({"settings": {"values": "count"}}, "values='count'; did you mean counts?"),
        ({"settings": {"layer": 3}}, "source cells: layer"),
        ({"reader": "files", "kind": None, "settings": {"layer": "X"}}, "name it under kind"),
        ({"reader": "sdf", "kind": None, "settings": {"layer": "X"}}, "layer is for cells; the file holds molecules"),
        ({"reader": "csv", "settings": {"layer": "X"}}, "csv takes none"),
    ],
)
def test_what_a_reader_cannot_be_told_is_refused(tmp_path: Path, changed: dict[str, object], message: str) -> None:
    (tmp_path / "cells.h5ad").touch()
    entry = ENTRY.model_copy(update=changed)
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        open_source(entry, tmp_path)


def test_a_build_that_stops_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    h5ad(tmp_path, made=cells(counts(cells=230)))
    whole = build_records([ENTRY], tmp_path, tmp_path / "whole", size=ROWS)
    read: list[int] = []
    reader = BackedCellSet.read

    def stopped(self: BackedCellSet, first: int, last: int) -> object:
        if first >= 100 and len(read) < 3:
            raise KeyboardInterrupt
        read.append(first)
        return reader(self, first, last)

    monkeypatch.setattr(BackedCellSet, "read", stopped)
    with pytest.raises(KeyboardInterrupt):
        build_records([ENTRY], tmp_path, tmp_path / "work", size=ROWS)
    done = len(read)
    read += [0, 0, 0]
    again = build_records([ENTRY], tmp_path, tmp_path / "work", size=ROWS)
    assert min(read[done + 3 :]) >= 100
    assert _contents(again) == _contents(whole)
