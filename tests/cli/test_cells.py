"""``biomatrix cells``: a page, a file that AnnData opens, and one line where something does not fit."""

from __future__ import annotations

import html
import json
import re
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import biomatrix as bm
from biomatrix.cli.main import app
from biomatrix.entities.cell.genes.table import gene_table
from biomatrix.errors import BioMatrixError

anndata = pytest.importorskip("anndata")
RUNNER = CliRunner()
MARKS = {
    "B": ["CD79A", "MS4A1", "CD19", "BANK1"],
    "T": ["CD3D", "CD3E", "CD2", "IL7R"],
    "Mono": ["LYZ", "CD14", "FCN1"],
}
OTHERS = ["ACTB", "GAPDH", "B2M", "MT-CO1", "MT-ND1", "RPL3", "EEF1A1", "TMSB4X", "no such gene"]


def made_cells(seed: int = 0, count: int = 40) -> anndata.AnnData:
    """Return counts of cells of three types, each high in its own markers; the last cell is empty."""
    import pandas as pd

    generator = np.random.default_rng(seed)
    genes = [gene for own in MARKS.values() for gene in own] + OTHERS
    types = np.repeat(list(MARKS), count)
    means = np.full((len(types), len(genes)), 0.2)
    means[:, len(genes) - len(OTHERS) :] = 8
    for row, name in enumerate(types):
        means[row, [genes.index(gene) for gene in MARKS[name]]] = 9
    counts = generator.poisson(means).astype(np.float32)
    counts[-1] = 0
    obs = pd.DataFrame({"cell_type": types, "donor": np.resize(["d1", "d2"], len(types))})
    obs.index = [f"c{row}" for row in range(len(types))]
    return anndata.AnnData(counts, obs, pd.DataFrame(index=genes))


def with_more_genes(cells: anndata.AnnData) -> anndata.AnnData:
    """Return the cells with 60 genes more that tell nothing."""
    import pandas as pd

    symbols = [name for name in gene_table().symbol.tolist() if name.startswith("ZNF")][:60]
    counts = np.random.default_rng(2).poisson(1.0, (len(cells), 60)).astype(np.float32)
    names = pd.DataFrame(index=[*cells.var_names, *symbols])
    return anndata.AnnData(np.hstack([cells.X, counts]), cells.obs, names)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made_cells().write_h5ad(tmp_path / "cells.h5ad")
    rows = [f"{name}\t{gene}" for name, own in MARKS.items() for gene in own]
    (tmp_path / "lists.tsv").write_text("\n".join(["type\tgene", *rows]))
    return tmp_path


def run(*arguments: object) -> str:
    result = RUNNER.invoke(app, ["cells", *map(str, arguments), "-q"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_markers_tell_types_and_both_files_hold_them(folder: Path) -> None:
    page, out = folder / "report.html", folder / "out.h5ad"
    given = ("--markers", folder / "lists.tsv", "-o", page, "--h5ad", out)
    told = json.loads(run(folder / "cells.h5ad", *given, "--json"))
    back = anndata.read_h5ad(out)
    sure = ~back.obs["biomatrix_abstained"].to_numpy()
    assert (back.obs["biomatrix_type"].astype(str) == back.obs["cell_type"].astype(str)).to_numpy()[sure].all()
    assert sure.mean() > 0.9
    assert told["types"]["unknown"] == (~sure).sum()
    assert back.obs["biomatrix_type"].iloc[-1] == "unknown"  # the empty cell
    assert back.obsm["X_biomatrix_pca"].shape[0] == len(back)
    assert back.uns["biomatrix_types"]["lists"] == "lists.tsv"
    assert np.array_equal(back.X.toarray(), anndata.read_h5ad(folder / "cells.h5ad").X)
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="(?!#)[^"]+"', text)
    for said in ("no such gene", "Values are counts", "donor", "CD79A +", "mitochondrial share", "biomatrix"):
        assert said in text


def test_a_reference_tells_types_with_its_risk(folder: Path) -> None:
    pytest.importorskip("sklearn")
    known = with_more_genes(made_cells(1))
    known.write_h5ad(folder / "known.h5ad")
    given = ("--reference", folder / "known.h5ad", "--label", "cell_type", "--batch-column", "donor", "--json")
    told = json.loads(run(folder / "known.h5ad", *given, "-o", folder / "report.html"))
    assert set(told["types"]) - {"unknown"} == set(MARKS)
    assert told["risk"][0][:2] == [0.0, 1.0]
    assert told["risk"][0][2] < 0.1
    assert "whole batches" in (folder / "report.html").read_text(encoding="utf-8")


def test_the_same_file_gives_the_same_page(folder: Path) -> None:
    pages = [folder / "a.html", folder / "b.html"]
    for page in pages:
        run(folder / "cells.h5ad", "--markers", folder / "lists.tsv", "-o", page)
    assert pages[0].read_bytes() == pages[1].read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "nothing is to be written"),
        ("-o r.html --tissue moon", "no tissue 'moon'"),
        ("-o r.html --label cell_type", "go together"),
        ("-o r.html --batch-column nowhere", "no column 'nowhere'"),
        ("-o r.html --min-probability 2", "from 0 to 1"),
        ("-o r.html --markers few.csv", "markers or more"),
        ("-o r.html --markers none.tsv", "no such file"),
        ("-o r.html --markers r.md", "no columns type and gene"),
        ("--h5ad cells.h5ad", "not written over itself"),
    ],
)
def test_what_does_not_fit_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, message: str
) -> None:
    monkeypatch.chdir(folder)
    (folder / "r.md").write_text("a,b\n1,2\n")
    (folder / "few.csv").write_text("type,gene\nB,CD19\nT,CD3D\n")
    with pytest.raises(BioMatrixError, match=message):
        run("cells.h5ad", *arguments.split())


def test_encode_and_read_are_told_what_a_file_does_not_tell(folder: Path) -> None:
    made = made_cells()
    made.layers["other_counts"] = made.X * 2
    made.write_h5ad(folder / "cells.h5ad")
    out = folder / "tokens.jsonl"
    given = ["encode", str(folder / "cells.h5ad"), "-m", "cell_expression", "-o", str(out), "-q"]
    for more, depth in (([], "<D 2>"), (["--layer", "other_counts", "--values", "counts"], "<D 3>")):
        result = RUNNER.invoke(app, [*given, *more])
        assert result.exit_code == 0, result.output
        assert depth in out.read_text().splitlines()[0]
    assert bm.read(folder / "cells.h5ad", layer="other_counts")[0].total == 2 * bm.read(folder / "cells.h5ad")[0].total
    with pytest.raises(BioMatrixError, match="no option leyer; cells take: values, layer, totals, assembly"):
        bm.read(folder / "cells.h5ad", leyer="X")
    (folder / "one.smi").write_text("CCO\n")
    with pytest.raises(BioMatrixError, match="the option layer is for cells; the file holds molecules"):
        bm.read(folder / "one.smi", layer="X")


def test_a_page_names_its_file_and_the_option_that_it_speaks_of(folder: Path) -> None:
    made = made_cells()
    del made.obs["donor"]
    made.obs["n_counts"] = 0.0  # which cannot be the totals, and is said so
    made.write_h5ad(folder / "cells.h5ad")
    run(folder / "cells.h5ad", "--markers", folder / "lists.tsv", "-o", folder / "report.html")
    text = html.unescape((folder / "report.html").read_text(encoding="utf-8"))
    assert "Cells of cells.h5ad" in text
    assert "name one (--batch-column)" in text
    assert ">obs['n_counts'] is not taken" in text


def test_the_terminal_says_what_was_left_out(tmp_path: Path) -> None:
    made = made_cells()
    names = [*made.var_names, "chr1:100-600", "chr2:100-600"]
    values = np.hstack([made.X, np.ones((len(made), 2), dtype=np.float32)])
    both = anndata.AnnData(values, made.obs)
    both.var_names = names
    both.write_h5ad(tmp_path / "both.h5ad")
    words = ["cells", str(tmp_path / "both.h5ad"), "-o", str(tmp_path / "report.html"), "--tissue", "blood"]
    result = RUNNER.invoke(app, words)
    assert "note: 2 peaks beside the genes were left out" in result.stderr
    assert "(--assembly)" in result.stderr
    assert "note: " not in RUNNER.invoke(app, [*words, "-q"]).stderr


def test_a_few_genes_say_little_of_a_tissue_and_nothing_measured_is_claimed(tmp_path: Path) -> None:
    """Random counts of markers of three types alone."""
    made = made_cells()
    made.X = np.random.default_rng(0).poisson(2.0, made.shape).astype(np.float32)
    made.write_h5ad(tmp_path / "cells.h5ad")
    told = json.loads(run(tmp_path / "cells.h5ad", "-o", tmp_path / "report.html", "--json"))
    assert any("was not measured" in note for note in told["notes"])
    assert told["risk"] == []
    assert "is not known for these lists" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("rows", "message"), [(1, "each is compared with the others"), (0, "0 cells: each")])
def test_too_few_cells_are_not_told_to_be_fewer(tmp_path: Path, rows: int, message: str) -> None:
    made_cells()[:rows].copy().write_h5ad(tmp_path / "cells.h5ad")
    with pytest.raises(BioMatrixError, match=message):
        run(tmp_path / "cells.h5ad", "-o", tmp_path / "report.html")


def test_cells_without_a_count_are_told_nothing(tmp_path: Path) -> None:
    made = made_cells()
    made.X = np.zeros_like(made.X)
    made.write_h5ad(tmp_path / "cells.h5ad")
    with pytest.raises(BioMatrixError, match="no cell has a value above 0"):
        run(tmp_path / "cells.h5ad", "-o", tmp_path / "report.html")


def test_the_tissue_is_found_and_said(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "protein" / "single_cell" / "10x_pbmc68k_reduced.zarr.zip"
    told = json.loads(run(source, "-o", tmp_path / "report.html", "--h5ad", tmp_path / "out.h5ad", "--json"))
    assert told["settings"]["lists"] == "blood"
    assert any("types of blood are looked for" in note for note in told["notes"])
    obs = anndata.read_h5ad(tmp_path / "out.h5ad").obs
    # CD19 is on plasmablasts too, and their genes (MZB1, JCHAIN) are in part of these cells.
    same = {"CD19+ B": ("B cells", "Plasma cells"), "CD14+ Monocyte": ("Monocytes",), "CD56+ NK": ("NK cells",)}
    for bulk, names in same.items():
        own = obs[(obs["bulk_labels"] == bulk) & ~obs["biomatrix_abstained"]]
        assert own["biomatrix_type"].isin(names).mean() > 0.9


def test_blood_is_not_taken_for_a_pancreas(shared: Path, tmp_path: Path) -> None:
    """Five of the pancreas' types lack markers here, and of few types each is likely."""
    source = shared / "data" / "single_cell" / "kang_ifnb" / "kang_ifnb.h5ad"
    told = json.loads(run(source, "-o", tmp_path / "report.html", "--json"))
    assert told["settings"]["lists"] == "blood"
    assert "Monocytes" in told["types"]


def test_peaks_and_antibodies_beside_genes_tell_nothing_of_types(folder: Path) -> None:
    """Counted by the hundred and at random, they would be most of every component and no cell would be empty."""
    import pandas as pd

    genes = made_cells()
    names = [*(f"chr1:{start}-{start + 500}" for start in range(10_000, 60_000, 1000)), "CD3-TotalSeq", "CD4-TotalSeq"]
    beside = np.random.default_rng(3).poisson(100, (len(genes), len(names))).astype(np.float32)
    kinds = ["Gene Expression"] * genes.n_vars + ["Peaks"] * 50 + ["Antibody Capture"] * 2
    var = pd.DataFrame({"feature_types": kinds}, index=[*genes.var_names, *names])
    anndata.AnnData(np.hstack([genes.X, beside]), genes.obs, var).write_h5ad(folder / "multiome.h5ad")
    for name, more in (("cells", ()), ("multiome", ("--assembly", "hg38"))):
        out = ("--h5ad", folder / f"{name}_out.h5ad", "-o", folder / f"{name}.html")
        run(folder / f"{name}.h5ad", "--markers", folder / "lists.tsv", *out, *more)
    alone, both = (anndata.read_h5ad(folder / f"{name}_out.h5ad") for name in ("cells", "multiome"))
    assert np.array_equal(alone.obsm["X_biomatrix_pca"], both.obsm["X_biomatrix_pca"])
    pd.testing.assert_frame_equal(alone.obs, both.obs[alone.obs.columns])
    assert both.shape == (len(genes), genes.n_vars + 52)
    assert both.uns["assembly"] == "hg38"
    assert both.uns["biomatrix_types"]["versions"]["anndata"] == version("anndata")
    page = (folder / "multiome.html").read_text(encoding="utf-8")
    assert "50 regions of hg38" in page
    assert "120 cells, 20 genes" in page
    assert "Open chromatin" not in (folder / "cells.html").read_text(encoding="utf-8")


def test_what_a_file_lacks_for_types_is_said_with_the_file(folder: Path) -> None:
    made = made_cells()
    made.X = np.log2(made.X / np.maximum(made.X.sum(axis=1, keepdims=True), 1) * 1e4 + 1)
    made.write_h5ad(folder / "log2.h5ad")
    made.var_names = [f"chr2:{start}-{start + 500}" for start in range(0, 1000 * made.n_vars, 1000)]
    made.write_h5ad(folder / "peaks.h5ad")
    for name, more, message in (
        ("log2", (), "log2.h5ad: .* they look like log2 .*--layer"),
        ("peaks", (), "peaks.h5ad: regions without an assembly .*assembly='hg38'"),
        ("peaks", ("--assembly", "hg38"), "peaks.h5ad: types are told by genes, and the file counts none"),
    ):
        with pytest.raises(BioMatrixError, match=message):
            run(folder / f"{name}.h5ad", "-o", folder / "report.html", *more)
