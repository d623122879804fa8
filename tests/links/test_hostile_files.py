"""Files from strangers: each is refused by a named error that says which file and what is wrong."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biomatrix.errors import BioMatrixError
from biomatrix.links.cell_files import open_cells, regions_of_cells
from biomatrix.links.fragments import fragments_over_regions
from biomatrix.links.gene_places import GenePlaces, read_gene_places
from biomatrix.links.region_files import read_region_file
from biomatrix.links.region_set import RegionSet
from biomatrix.links.run import find_links
from biomatrix.links.settings import Settings


def link_out(path: Path) -> None:
    with h5py.File(path.with_name("other.h5"), "w") as other:
        other["x"] = np.ones(3)
    with h5py.File(path, "a") as file:
        file["uns/stolen"] = h5py.ExternalLink("other.h5", "x")


def soft_link(path: Path) -> None:
    with h5py.File(path, "a") as file:
        file["uns/again"] = h5py.SoftLink("/X")


def damaged_texts(path: Path) -> None:
    """Give a text the size zero, over which the HDF5 library steps for ever."""
    content = bytearray(path.read_bytes())
    at = content.index(b"GCOL")
    content[at + 32 : at + 64] = bytes(32)
    path.write_bytes(content)


def huge(path: Path) -> None:
    with h5py.File(path, "a") as file:
        del file["X"]
        file.create_dataset("X", shape=(60, 2**26), dtype="f4", chunks=(60, 2**16), compression="gzip")


def not_a_number(path: Path) -> None:
    with h5py.File(path, "a") as file:
        file["X"][3, 2] = np.nan


def negative(path: Path) -> None:
    with h5py.File(path, "a") as file:
        file["X"][3, 2] = -1


def same_barcodes(path: Path) -> None:
    with h5py.File(path, "a") as file:
        file["obs/_index"][1] = file["obs/_index"][0]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def no_file(path: Path) -> None:
    path.write_bytes(b"not an HDF5 file")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (link_out, "stolen is an external link"),
        (soft_link, "again is a soft link"),
        (damaged_texts, "the texts at byte .* are damaged"),
        (huge, "declares"),
        (not_a_number, "row 3 holds nan in column 2"),
        (negative, "negative"),
        (same_barcodes, "same name"),
        (cut, "cannot be read"),
        (no_file, "neither HDF5"),
    ],
)
def test_spoilt_cells(spoil: Callable[[Path], None], message: str, multiome_file: Path) -> None:
    spoil(multiome_file)
    with pytest.raises(BioMatrixError, match=message) as refused:
        open_cells(multiome_file)
    assert multiome_file.name in str(refused.value)


def test_a_sparse_matrix_whose_index_lies_outside(multiome_file: Path) -> None:
    from scipy.sparse import csr_matrix

    cells = open_cells(multiome_file)
    cells.X = csr_matrix(cells.X)
    cells.write_h5ad(multiome_file)
    with h5py.File(multiome_file, "a") as file:
        file["X/indices"][5] = 99
    with pytest.raises(BioMatrixError, match=multiome_file.name):
        open_cells(multiome_file)


def test_peaks_without_an_assembly_and_of_another(multiome_file: Path) -> None:
    cells = open_cells(multiome_file)
    with pytest.raises(BioMatrixError, match="--assembly hg38"):
        regions_of_cells(cells, None, "x.h5ad")
    cells.uns["assembly"] = "GRCh37"
    with pytest.raises(BioMatrixError, match="the file says hg19, --assembly says hg38"):
        regions_of_cells(cells, "hg38", "x.h5ad")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.bed", "", "no region"),
        ("a.bed", "chr1\t5\n", "no region"),
        ("a.tsv", "chrom\tbegin\tend\nchr1\t1\t2\n", "no columns with chromosome"),
        ("a.tsv", "chrom\tstart\tend\nchr1\tone\t2\n", "'one' in the column 'start'"),
        ("a.tsv", "chrom\tstart\tend\tsignal\nchr1\t1\t2\t-3\n", "not at least 0"),
        ("a.tsv", "chrom\tstart\tend\tsignal\nchr1\t1\t2\tinf\n", "no finite number"),
        ("a.tsv", "chrom\thg19_start\thg19_end\nchr1\t1\t2\n", "hg19_end lie on hg19, not hg38"),
        ("a.parquet", "no parquet", "no Parquet"),
        ("a.doc", "chr1\t1\t2\n", "ends in one of"),
    ],
)
def test_tables_that_hold_no_regions(name: str, content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(BioMatrixError, match=message):
        read_region_file(path, "hg38")


def test_bad_rows_are_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "peaks.narrowPeak"
    good = "chr1\t10\t20\tp\t0\t.\t3.5\t1\t1\t5\n"
    path.write_text("track name=x\n" + good + "chr1\t20\t10\tp\n" + "chr1\tx\t10\n" + "chrUn\t1\t2\tp\t0\t.\t1\n")
    regions, rejects = read_region_file(path, "hg38")
    assert (len(regions), regions.signal.tolist()) == (1, [3.5])
    assert [reject.record for reject in rejects] == [3, 4]
    assert "1 regions are not on" in regions.notes[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("# only a header\n", "holds no fragment"),
        ("chr1\t5\t10\n", "is no fragment"),
        ("# one\nchr1\t10\t5\tc0\t1\n", "position 2: chr1 from 10 to 5 is no interval"),
        ("chr1\tten\t50\tc0\t1\n", "is no fragment"),
        ("chr1\t10\t50\tc9\t1\n", "no fragment is of a cell that is given"),
        ("chr1\t10\t50\tc0\t1\nchr1\t\t50\tc0\t1\n", "a line is no fragment"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_fragments_that_are_none(content: str, message: str, packed: bool, tmp_path: Path) -> None:
    path = tmp_path / ("f.tsv.gz" if packed else "f.tsv")
    path.write_bytes(gzip.compress(content.encode()) if packed else content.encode())
    regions = RegionSet("hg38", np.zeros(1, np.int16), np.array([0]), np.array([99]), np.ones(1))
    with pytest.raises(BioMatrixError, match=message):
        fragments_over_regions(path, regions, np.array(["c0"], dtype=object))


@pytest.mark.parametrize("assembly", ["hg38", "mm10"])
def test_fragments_are_counted_over_regions_in_any_order(assembly: str, tmp_path: Path) -> None:
    """Regions keep their places; those of one chromosome never meet fragments past the end of another."""
    rows = [("chr2", 5, 9, "b"), ("chr1", 90, 400_000_000, "a"), ("chr1", 5, 9, "a"), ("chrUn", 5, 9, "a")]
    lines, table = tmp_path / "f.tsv", tmp_path / "f.parquet"
    lines.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    pq.write_table(pa.table(dict(zip(("chrom", "start", "end", "cell"), zip(*rows, strict=True), strict=True))), table)
    chromosome, start = np.array([1, 0, 0], dtype=np.int16), np.array([0, 80, 8])
    regions = RegionSet(assembly, chromosome, start, start + 20, np.ones(3))
    for path in (lines, table):
        found, notes = fragments_over_regions(path, regions, np.array(["b", "c", "a"], dtype=object))
        assert found.toarray().tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 1]]
        assert notes == ("4 of 4 fragments are of the cells given",)


def test_values_are_read_as_exactly_as_they_are_written(two_omes: Any, tmp_path: Path) -> None:
    from scipy.sparse import csc_matrix, csr_matrix

    exact = np.log1p(two_omes.X.astype(np.float64) / 7)
    for made in (exact, csr_matrix(exact), csc_matrix(exact)):
        two_omes.X = made
        two_omes.write_h5ad(tmp_path / "cells.h5ad")
        assert np.array_equal(open_cells(tmp_path / "cells.h5ad").X.toarray(), exact)


def test_a_table_of_genes_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "genes.tsv"
    path.write_text("symbol\tstart\nA\t1\n")
    with pytest.raises(BioMatrixError, match="no 'ensembl_id'"):
        read_gene_places(path)
    header = "ensembl_id\tsymbol\tbiotype\tchrom\tstart\tend\tstrand\n"
    path.write_text(header + "ENSG1\tA\tprotein_coding\tchr1\t9\t5\t+\n")
    with pytest.raises(BioMatrixError, match="not after its start"):
        read_gene_places(path)


def test_cells_that_share_no_barcode(multiome_file: Path, genes: GenePlaces, tmp_path: Path) -> None:
    cells = open_cells(multiome_file)[:, :3].copy()
    cells.obs_names = [f"other{number}" for number in range(cells.n_obs)]
    cells.write_h5ad(tmp_path / "rna.h5ad")
    with pytest.raises(BioMatrixError, match="same barcodes"):
        find_links(multiome_file, ["AAA"], Settings("hg38", rna=tmp_path / "rna.h5ad"), genes)


def test_names_that_are_no_genes(multiome_file: Path, genes: GenePlaces) -> None:
    cells = open_cells(multiome_file)
    cells.var_names = ["qqa1", "qqa2", "qqa3", *cells.var_names[3:]]
    cells.write_h5ad(multiome_file)
    with pytest.raises(BioMatrixError, match=r"only 0\.0% of 3 names are human genes.*'qqa1', 'qqa2', 'qqa3'"):
        find_links(multiome_file, ["AAA"], Settings("hg38"), genes)


def test_expression_beside_a_table_of_regions(multiome_file: Path, genes: GenePlaces, tmp_path: Path) -> None:
    table = tmp_path / "fragments.parquet.bed"
    table.write_text("chr1\t10\t20\n")
    with pytest.raises(
        BioMatrixError, match=r"bed: a table of regions has no cells.*--fragments beside a list of peaks"
    ):
        find_links(table, ["AAA"], Settings(assembly="hg38", rna=multiome_file), genes)
