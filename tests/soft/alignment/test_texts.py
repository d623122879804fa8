"""Sources of pairs: captions, functions, types of cells; what is refused, and that nothing to find is trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from biomatrix.entities import Molecule
from biomatrix.errors import ConfigurationError
from biomatrix.soft.alignment.cell_texts import CellType, cell_pairs, marker_symbols, read_ontology, symbols_of
from biomatrix.soft.alignment.pairs import Pair, PairSet, key_numbers
from biomatrix.soft.alignment.texts import Columns, apart_from, chebi20_pairs, function_pairs, read_pairs

COLUMNS = Columns("molecule", "SMILES", ("text", "also"), "id")


def write(folder: Path, *rows: str) -> Path:
    path = folder / "pairs.tsv"
    path.write_text("\n".join(["SMILES\ttext\talso\tid", *rows]) + "\n", encoding="utf-8")
    return path


def test_rows_become_pairs_and_bad_ones_are_refused_with_their_reason(tmp_path: Path) -> None:
    path = write(tmp_path, "CCO\tan alcohol\tethanol\t1", "C(C\tbroken\tx\t2", "CC\t\tx\t3", "CCC\tan alkane\t\t4")
    read = read_pairs(path, COLUMNS)
    assert [(pair.texts, pair.key) for pair in read.pairs.pairs] == [
        (("an alcohol", "ethanol"), "1"),
        (("an alkane",), "4"),
    ]
    assert [reject.record for reject in read.rejects] == [2, 3]
    assert "no text" in read.rejects[1].reason


def test_a_missing_column_or_file_is_one_line(tmp_path: Path) -> None:
    path = write(tmp_path, "CCO\tan alcohol\tethanol\t1")
    with pytest.raises(ConfigurationError, match="no column 'smiles'"):
        read_pairs(path, Columns("molecule", "smiles", ("text",)))
    with pytest.raises(ConfigurationError, match="no such file"):
        read_pairs(tmp_path / "other.tsv", COLUMNS)


def test_the_key_is_the_text_where_none_is_declared() -> None:
    ethanol = Molecule.from_smiles("CCO")
    pairs = [Pair(ethanol, ("a",)), Pair(ethanol, ("b",)), Pair(ethanol, ("a",), "own"), Pair(ethanol, ("a", "c"))]
    assert key_numbers([pair.key for pair in pairs]).tolist() == [0, 1, 2, 0]
    with pytest.raises(ConfigurationError, match="empty text"):
        Pair(ethanol, ("a", " "))


def test_what_is_to_be_found_is_never_trained_on() -> None:
    train = PairSet(tuple(Pair(Molecule.from_smiles(s), (s,)) for s in ("CCO", "CCC", "c1ccccc1")))
    test = PairSet((Pair(Molecule.from_smiles("OCC"), ("the same molecule, written otherwise",)),))
    kept, dropped = apart_from(train, test)
    assert (len(kept), dropped) == (2, 1)
    assert kept.texts == ("CCC", "c1ccccc1")


def test_chebi20(shared: Path) -> None:
    read = chebi20_pairs(shared / "data/molecule/chebi20", "validation", limit=40)
    assert len(read.pairs) == 40
    assert len(set(read.pairs.keys)) == 40
    assert "\\\\" not in "".join(pair.entity.smiles for pair in read.pairs.pairs)  # type: ignore[attr-defined]
    with pytest.raises(ConfigurationError, match="no train captions"):
        chebi20_pairs(shared / "data/molecule/chebi20", "train")


def test_functions_of_proteins(shared: Path) -> None:
    path = shared / "data/protein/uniprot/flatfile_records.parquet"
    train, test = (function_pairs(path, split).pairs for split in ("train", "test"))
    assert len(train) > len(test) > 5
    assert not set(train.keys) & set(test.keys)
    assert "ECO:" not in " ".join([*train.texts, *test.texts])


def test_types_of_cells_in_several_wordings(shared: Path) -> None:
    types = read_ontology(shared / "data/single_cell/cell_ontology/cell_types.parquet")
    assert "CL:0000002" not in types  # obsolete
    markers = marker_symbols(types)
    assert len(markers) > 80
    wordings = types["CL:0000236"].wordings(markers["CL:0000236"])
    assert len(set(wordings)) == len(wordings) == 4
    assert "CD19" in wordings[0]
    assert types["CL:0000236"].definition in wordings[0]
    assert "MS4A1" in symbols_of(["B cells"])


def test_cells_have_the_texts_of_their_types() -> None:
    pytest.importorskip("anndata")
    import anndata

    from biomatrix.entities.cell.cell_set import CellSet

    adata = anndata.AnnData(np.array([[1.0, 2.0], [3.0, 0.0]], dtype=np.float32))
    adata.var_names = ["ENSG00000156738", "ENSG00000177455"]
    types = {"CL:1": CellType("CL:1", "one"), "CL:2": CellType("CL:2", "two", "The second.", ("deux",))}
    cells = CellSet.from_anndata(adata, values="counts")
    pairs = cell_pairs(cells, ["CL:2", "CL:1"], types, {"CL:2": ("MS4A1",)})
    assert pairs.keys == ("CL:2", "CL:1")
    assert pairs.texts[0] == "Two. The second. Also called deux. Marker genes: MS4A1."
    with pytest.raises(ConfigurationError, match="no type 'CL:3'"):
        cell_pairs(cells, ["CL:3", "CL:1"], types)
