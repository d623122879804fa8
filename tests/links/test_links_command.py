"""The command: from files of cells or regions to a table and arcs, with what was left out."""

from __future__ import annotations

import csv
import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.errors import BioMatrixError


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["links", *map(str, arguments)])


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.open(), delimiter="\t"))


def test_cells_with_both(multiome_file: Path, gene_table: Path, tmp_path: Path) -> None:
    output, arcs = tmp_path / "links.tsv", tmp_path / "arcs.bedpe"
    told = run(
        *(multiome_file, "--genes", "AAA,NONE", "--genes", "BBB", "--assembly", "hg38", "-o", output),
        *("--bedpe", arcs, "--gene-table", gene_table, "-q", "--json"),
    )
    assert told.exit_code == 0, told.output
    found = rows(output)
    assert len(found) == 8
    assert [row["rank"] for row in found] == ["1", "2", "3", "4"] * 2
    for gene in ("AAA", "BBB"):
        scores = [float(row["score"]) for row in found if row["gene"] == gene]
        assert scores == sorted(scores, reverse=True)
        assert all(0 < score < 1 for score in scores)
    linked = next(row for row in found if row["gene"] == "AAA" and row["start"] == "1100000")
    others = [float(row["kendall"]) for row in found if row["gene"] == "AAA" and row is not linked]
    assert float(linked["kendall"]) > max(others) + 0.05
    own = next(row for row in found if row["gene"] == "AAA" and row["start"] == "999800")
    assert (own["promoter_of"], own["coaccessibility"]) == ("AAA", "")
    assert linked["coaccessibility"]
    counts = json.loads(told.stdout)
    assert (counts["succeeded"], counts["rejected"]) == (8, 1)
    (reject,) = (json.loads(line) for line in (tmp_path / "links.tsv.rejects.jsonl").read_text().splitlines())
    assert "no gene 'NONE'" in reject["reason"]
    lines = [line.split("\t") for line in arcs.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) == 8
    assert all(len(line) == 10 and 0 <= float(line[7]) <= 1000 and line[0] == line[3] for line in lines)


def test_fragments_over_regions_give_what_their_matrix_gives(two_omes: Any, gene_table: Path, tmp_path: Path) -> None:
    cells = two_omes
    whole, rna, bed, fragments = (tmp_path / name for name in ("a.h5ad", "rna.h5ad", "p.bed", "f.tsv.gz"))
    cells.write_h5ad(whole)
    cells[:, :3].copy().write_h5ad(rna)
    places = [name.replace(":", "-").split("-") for name in cells.var_names[3:]]
    bed.write_text("".join("\t".join(place) + "\n" for place in places) + "chrUn\t1\t5\n")
    lines = [
        f"{chromosome}\t{int(start) - 50}\t{int(start) + 20}\t{cell}\t1\n"
        for column, (chromosome, start, _) in enumerate(places, 3)
        for cell, value in zip(cells.obs_names, cells.X[:, column], strict=True)
        if value
    ]
    with gzip.open(fragments, "wt") as first:
        first.write("# a header\n" + "".join(lines[:9]))
    with gzip.open(fragments, "at") as second:  # packed in members, as bgzip does
        second.write("".join(lines[9:]) + "chr1\t999900\t999950\tstranger\t1\n")
    common = ("--genes", "AAA", "--assembly", "GRCh38", "--gene-table", gene_table, "-q")
    one, two = tmp_path / "one.tsv", tmp_path / "two.tsv"
    assert run(whole, *common, "-o", one).exit_code == 0
    told = run(bed, *common, "-o", two, "--expression", rna, "--fragments", fragments)
    assert told.exit_code == 0, told.output
    assert one.read_text() == two.read_text()
    assert "1 regions are not on chr1" in told.output
    assert f"{len(lines):,} of {len(lines) + 1:,} fragments" in told.output


def ten_x(adata: Any, path: Path) -> Path:
    """Write cells as Cell Ranger ARC writes its file."""
    import h5py
    from scipy.sparse import csc_matrix

    matrix = csc_matrix(adata.X.T)
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        group["data"], group["indices"] = matrix.data.astype(np.int32), matrix.indices
        group["indptr"], group["shape"] = matrix.indptr, np.array(matrix.shape)
        group["barcodes"] = np.array([name.encode() for name in adata.obs_names])
        features = group.create_group("features")
        for name, words in {"id": adata.var_names, "name": adata.var_names, "feature_type": adata.var.iloc[:, 0],
                            "genome": ["GRCh38"] * adata.n_vars}.items():  # fmt: skip
            features[name] = np.array([str(word).encode() for word in words])
    return path


def folder(adata: Any, path: Path) -> Path:
    """Write cells as a folder of Cell Ranger ARC."""
    from scipy.io import mmwrite
    from scipy.sparse import csr_matrix

    path.mkdir()
    mmwrite(path / "matrix.mtx", csr_matrix(adata.X.T).astype(int), field="integer")
    rows = [f"{name}\t{name}\t{kind}\n" for name, kind in zip(adata.var_names, adata.var.iloc[:, 0], strict=True)]
    (path / "features.tsv").write_text("".join(rows))
    (path / "barcodes.tsv").write_text("".join(f"{name}\n" for name in adata.obs_names))
    return path


def test_every_file_of_cells_gives_the_same(two_omes: Any, gene_table: Path, tmp_path: Path) -> None:
    h5ad, zarr = tmp_path / "cells.h5ad", tmp_path / "cells.zarr"
    two_omes.write_h5ad(h5ad)
    two_omes.write_zarr(zarr)
    files = (h5ad, zarr, ten_x(two_omes, tmp_path / "cells.h5"), folder(two_omes, tmp_path / "cells"))
    told = set()
    for file in files:
        output = tmp_path / f"{file.name}.tsv"
        answer = run(file, "--genes", "all", "--assembly", "hg38", "--gene-table", gene_table, "-q", "-o", output)
        assert answer.exit_code == 0, answer.output
        told.add(output.read_text())
    assert len(told) == 1


def test_names_of_genes_of_any_age(genes: Any) -> None:
    """The package's own resolver: an id with a version, a former symbol, an alias; one gene has one column."""
    from biomatrix.links.gene_places import gene_places

    places = gene_places()
    names = ["CD3D", "ENSG00000090382.7", "SEPT10", "ENSG00000167286", "XYZ1"]
    rows, notes = places.rows_resolved(names)
    ids = [str(places.ensembl_id[row]) if row >= 0 else "" for row in rows]
    assert ids == ["", "ENSG00000090382", "ENSG00000186522", "ENSG00000167286", ""]  # an id says it more surely
    assert notes[0].startswith("3 of 5 genes matched, 60.0%")
    _, notes = places.rows_resolved(["CD3D", *(f"XYZ{number}" for number in range(3))])
    assert any("warning: fewer than half" in note for note in notes)
    with pytest.raises(BioMatrixError, match=r"only 0\.0% of 2 names are human genes"):
        places.rows_resolved(["XYZ1", "XYZ2"])
    own, notes = genes.rows_resolved(["CCC", "ENSG00000000001.3", "AAA", "TWO", "nothing"])  # a table of one's own
    assert own.tolist() == [2, 0, -1, -1, -1]
    assert notes[-1].startswith("2 of 5 names of genes (40.0%) are in the table of genes; warning")


def test_a_table_with_marks(gene_table: Path, tmp_path: Path) -> None:
    table, ubiquitous = tmp_path / "marks.tsv", tmp_path / "u.txt"
    names = ("chrom", "start", "end", "DHS", "H3K27ac", "H3K27ac_expanded", "H3K4me1", "H3K27me3", "CTCF")
    table.write_text("\t".join(names) + "\nchr1\t1100000\t1100500\t9\t8\t8\t2\t0\t1\n"
                     "chr1\t1300000\t1300500\t1\t0\t0\t0\t2\t1\nchr1\t9\t5\t1\t0\t0\t0\t2\t1\n")  # fmt: skip
    ubiquitous.write_text("CCC\n")
    common = (table, "--genes", "AAA", "--assembly", "hg38", "--gene-table", gene_table, "--signal", "rpm", "-q")
    output = tmp_path / "links.tsv"
    told = run(*common, "-o", output, "--scorer", "marks", "--ubiquitous", ubiquitous, "--top", 1)
    assert told.exit_code == 0, told.output
    assert [row["start"] for row in rows(output)] == ["1100000"]
    assert "1 refused" in told.output
    missing = run(*common, "--scorer", "marks")
    assert isinstance(missing.exception, BioMatrixError)
    assert "ubiquitous_gene" in str(missing.exception)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--genes", "AAA"), "which genome"),
        (("--genes", "AAA", "--assembly", "hg19"), "regions lie on hg19 and genes on hg38.*liftOver"),
        (("--genes", "NONE", "--assembly", "hg38"), "no region within.*no gene 'NONE'"),
        (("--genes", ",", "--assembly", "hg38"), "no gene is named"),
        (("--genes", "@nowhere.txt", "--assembly", "hg38"), "nowhere.txt.*no such file"),
        (("--genes", "AAA", "--assembly", "hg38", "--scorer", "acessibility"), "accessibility"),
        (("--genes", "AAA", "--assembly", "hg38", "--signal", "counts"), "percentile, rpm"),
        (("--genes", "AAA", "--assembly", "hg38", "--reach", "0"), "above 0"),
        (("--genes", "AAA", "--assembly", "hg38", "--top", "0"), "--top"),
        (("--genes", "AAA", "--assembly", "hg38", "--min-score", "2"), "--min-score"),
        (("--genes", "AAA", "--assembly", "hg38", "--totals", "n_counts"), "no column 'n_counts'"),
        (("--genes", "AAA", "--assembly", "hg38", "--fragments", "{file}"), "over a table of regions"),
        (("--genes", "AAA", "--assembly", "hg38", "-o", "{file}"), "same file"),
    ],
)
def test_what_is_refused(
    arguments: tuple[str, ...], message: str, multiome_file: Path, gene_table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from biomatrix.links import run as module
    from biomatrix.links.gene_places import read_gene_places

    monkeypatch.setattr(module, "gene_places", lambda: read_gene_places(gene_table))
    told = run(multiome_file, *(one.format(file=multiome_file) for one in arguments), "-q")
    assert isinstance(told.exception, BioMatrixError), told.output
    assert re.search(message, str(told.exception), re.S), str(told.exception)


def test_a_graph_scorer_reads_all_candidates(multiome_file: Path, gene_table: Path, tmp_path: Path) -> None:
    common = (multiome_file, "--assembly", "hg38", "--gene-table", gene_table, "-q", "--genes", "AAA,CCC")
    linear, graph = tmp_path / "linear.tsv", tmp_path / "graph.tsv"
    assert run(*common, "-o", linear).exit_code == 0
    told = run(*common, "-o", graph, "--scorer", "graph_accessibility")
    assert told.exit_code == 0, told.output
    both = [{(row["gene"], row["start"]): row["score"] for row in rows(path)} for path in (linear, graph)]
    assert both[0].keys() == both[1].keys()
    assert both[0] != both[1]


def test_the_same_cells_whatever_the_order(two_omes: Any, gene_table: Path, tmp_path: Path) -> None:
    cells = two_omes
    order = np.random.default_rng(1).permutation(cells.n_obs)
    columns = np.random.default_rng(2).permutation(cells.n_vars)
    for name, made in (("a", cells), ("b", cells[order][:, columns].copy())):
        made.write_h5ad(tmp_path / f"{name}.h5ad")
        settings = ("--genes", "all", "--assembly", "hg38", "--gene-table", gene_table, "-q")
        assert run(tmp_path / f"{name}.h5ad", *settings, "-o", tmp_path / f"{name}.tsv").exit_code == 0
    assert (tmp_path / "a.tsv").read_text() == (tmp_path / "b.tsv").read_text()
