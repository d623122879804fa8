"""Fragment files counted by overlap: right, in bounded memory, and refused by line where they are wrong."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from biomatrix.entities.cell.files import fragment_blocks
from biomatrix.entities.cell.files.fragments import read_fragments
from biomatrix.entities.cell.fragment_counts import FragmentCounter
from biomatrix.entities.cell.locus import locus_named
from biomatrix.entities.cell.region_list import RegionList
from biomatrix.entities.cell.regions import CHROMOSOMES, Regions
from biomatrix.errors import ParseError, UnsupportedError

HEAD = "# id=test\n# reference=GRCh38\n"


def written(path: Path, rows: list[tuple[str, int, int, str]], head: str = HEAD) -> Path:
    text = head + "".join(f"{c}\t{s}\t{e}\t{b}\t1\n" for c, s, e, b in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def some(seed: int, count: int = 3000) -> list[tuple[str, int, int, str]]:
    rng = np.random.default_rng(seed)
    start = np.sort(rng.integers(0, 60_000, count))
    end = start + rng.integers(20, 1200, count)
    cells = rng.integers(0, 9, count)
    rows = [("chr1", int(s), int(e), f"CELL{c}-1") for s, e, c in zip(start, end, cells, strict=True)]
    return rows + [("chr10", s, e, b) for _, s, e, b in rows[:500]]


@pytest.mark.parametrize("block", [8 << 20, 4096])
def test_bins_are_counted_by_overlap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(fragment_blocks, "_BLOCK", block)
    rows = some(0)
    found = read_fragments(written(tmp_path / "fragments.tsv.gz", rows), assembly="hg38")
    expected: dict[tuple[str, str, int], int] = {}
    for chromosome, start, end, barcode in rows:
        for bin_ in range(start // 500, (end - 1) // 500 + 1):
            key = (barcode, chromosome, bin_ * 500)
            expected[key] = expected.get(key, 0) + 1
    counted = {
        (cell.name, CHROMOSOMES[c], int(s)): int(n)
        for cell in found
        if cell.regions is not None
        for c, s, n in zip(cell.regions.chromosome, cell.regions.start, cell.regions.count, strict=True)
    }
    assert counted == expected
    assert found.barcodes.tolist() == sorted(found.barcodes)
    assert found.notes[0].startswith("3,500 fragments on hg38")


def test_regions_and_cells_that_are_given_are_counted_in_their_order(tmp_path: Path) -> None:
    path = written(tmp_path / "fragments.tsv", some(1))
    bed = tmp_path / "peaks.bed"
    bed.write_text("chr1\t100\t900\nchr1\t500\t600\nchr1\t40000\t41000\nchr10\t0\t300\n")
    regions = RegionList.from_bed(bed, "hg38").regions
    names = ["CELL4-1", "nobody-1", "CELL0-1"]
    found = read_fragments(path, assembly="GRCh38", regions=regions, barcodes=names)
    assert found.barcodes.tolist() == names
    expected = np.zeros((3, 4))
    for chromosome, start, end, barcode in some(1):
        for place in range(4):
            same = CHROMOSOMES[regions.chromosome[place]] == chromosome
            if barcode in names and same and start < regions.end[place] and end > regions.start[place]:
                expected[names.index(barcode), place] += 1
    assert np.array_equal(found.matrix.toarray(), expected)
    assert any("cells without an open region, kept: 1" in note for note in found.notes)
    assert any("barcodes are not among those given" in note for note in found.notes)
    window = read_fragments(path, assembly="hg38", locus=locus_named("chr1:40,000-41,000", "hg38"))
    assert set(window.regions.start) <= set(range(38_500, 42_500, 500))


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        (
            [("chr1", 500, 600, "A"), ("chr1", 400, 600, "A")],
            r"position 4: the fragments are not in order: chr1:400 .*sort",
        ),
        (
            [("chr1", 1, 9, "A"), ("chr2", 1, 9, "A"), ("chr1", 20, 30, "A")],
            "position 5: the fragments are not in order",
        ),
        ([("chr1", 500, 600, "A"), ("chr1", 700, 600, "A")], "position 4: chr1 from 700 to 600 is no interval"),
        ([("chr21", 47_000_000, 47_000_100, "A")], "position 3: .*ends past that chromosome of hg38.*within hg19"),
    ],
)
def test_wrong_lines_are_refused_by_number(tmp_path: Path, rows: list[tuple[str, int, int, str]], match: str) -> None:
    path = written(tmp_path / "fragments.tsv", rows)
    with pytest.raises(ParseError, match=rf"fragments.tsv, {match}"):
        read_fragments(path, assembly="hg38")


def test_what_is_no_fragment_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fragments.tsv"
    for text, match in (
        ("", "holds no fragment"),
        (HEAD, "holds no fragment"),
        ("chr1 1 2 A\n", "'chr1 1 2 A' is no fragment"),
        ("chr1\t1\t9\tA\t1\nchr1\tx\t9\tA\t1\n", "a line is no fragment: .*'x'"),
        ("chr1\t1\t9\tA\t1\nchr1\t5\n", "a line is no fragment: .*Expected 5 columns, got 2"),
        ("chr1\t1\t9\tA\t1\nchr1\t-5\t9\tA\t1\n", "starts below 0"),
    ):
        path.write_text(text)
        with pytest.raises(ParseError, match=match):
            read_fragments(path, assembly="hg38")
    written(path, some(2, 50))
    whole = gzip.compress(path.read_bytes())
    cut = tmp_path / "cut.tsv.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ParseError, match=r"cut.tsv.gz.*broken gzip data"):
        read_fragments(cut, assembly="hg38")
    on_other = Regions("hg19", *(np.zeros(1, dtype=np.int64),) * 2, np.ones(1, dtype=np.int64), np.ones(1))  # type: ignore[arg-type]
    with pytest.raises(UnsupportedError, match="regions to count in lie on hg19"):
        read_fragments(path, assembly="hg38", regions=on_other)


def test_unknown_chromosomes_and_cells_are_said(tmp_path: Path) -> None:
    rows = [("chr1", 1, 9, "A-1"), ("GL000220.1", 5, 9, "A-1"), ("GL000220.1", 6, 9, "B-1")]
    path = written(tmp_path / "fragments.tsv", rows)
    assert read_fragments(path, assembly="hg38").notes[-1] == (
        "left out, since they lie on no chromosome: 2 fragments (GL000220.1)"
    )
    with pytest.raises(ParseError, match=r"no fragment is of a cell.*barcodes here are A-1, those given A; .*-1"):
        read_fragments(path, assembly="hg38", barcodes=["A"])
    unsorted = written(tmp_path / "unsorted.tsv", [("chr1", 500, 600, "A"), ("chr1", 400, 600, "A")])
    assert len(read_fragments(unsorted, assembly="hg38", ordered=False)) == 1


def test_open_elements_of_real_cells_give_the_expected_correlations(shared: Path) -> None:
    """Tau-b of the 0/1 state of an element with log expression, on some of the pairs of a recording."""
    pytest.importorskip("anndata")
    stats = pytest.importorskip("scipy.stats")
    import anndata
    import pyarrow.parquet as pq

    folder = shared / "data" / "single_cell" / "multiome_chr22"
    rna = anndata.read_h5ad(folder / "rna.h5ad")
    rows = pq.read_table(folder / "atac_fragments_chr22p.parquet").to_pydict()
    wanted = pq.read_table(folder / "expected_kendall.parquet").to_pandas()
    elements = wanted[["start", "end"]].drop_duplicates().sort_values(["start", "end"])
    place = {(s, e): at for at, (s, e) in enumerate(elements.itertuples(index=False))}
    regions = Regions(
        "hg38", np.full(len(elements), 21, dtype=np.int16), elements["start"].to_numpy(), elements["end"].to_numpy(),
        np.ones(len(elements), dtype=np.float32),
    )  # fmt: skip
    counter = FragmentCounter("hg38", regions, list(rna.obs_names))
    words = sorted(set(rows["cell"]))
    which = {word: at for at, word in enumerate(words)}
    counter.add(
        np.full(len(rows["cell"]), 21, dtype=np.int16),
        np.array(rows["start"]),
        np.array(rows["end"]),
        words,
        np.array([which[word] for word in rows["cell"]]),
    )
    found = counter.result()
    opened = found.matrix.toarray() > 0
    assert (found.matrix.getnnz(axis=1) > 0).sum() <= 480
    logs = np.log1p(rna.X.toarray() / rna.obs["total_counts_all_genes"].to_numpy()[:, None] * 1e4)
    gene = {name: at for at, name in enumerate(rna.var_names)}
    for one in wanted[wanted["TargetGene"].isin(list(gene))].sample(60, random_state=0).itertuples():
        state, expression = opened[:, place[(one.start, one.end)]], logs[:, gene[one.TargetGene]]
        assert stats.kendalltau(state, expression).statistic == pytest.approx(one.Kendall, abs=1e-5, nan_ok=True)
