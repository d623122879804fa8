"""Genome assemblies: their names, what lies on them, and what is refused between them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from biomatrix.entities.cell.assemblies import (
    ASSEMBLIES,
    assembly_named,
    check_inside,
    chromosome_indices,
    chromosome_lengths,
    require_assembly,
)
from biomatrix.entities.cell.genes import gene_table
from biomatrix.entities.cell.locus import locus_named
from biomatrix.entities.cell.overlaps import RegionIndex, genomic_order
from biomatrix.entities.cell.region_list import RegionList
from biomatrix.entities.cell.regions import CHROMOSOMES, Regions
from biomatrix.errors import ConfigurationError, ParseError, UnsupportedError


def test_names_of_assemblies() -> None:
    assert [assembly_named(name) for name in ("hg38", "GRCh38", "GRCh37.p13", "T2T-CHM13v2.0")] == [
        "hg38", "hg38", "hg19", "hs1",
    ]  # fmt: skip
    with pytest.raises(ConfigurationError, match=r"no assembly 'mm10'; human genomes here are hg38"):
        assembly_named("mm10")
    assert [assembly_named(name, human=False) for name in ("GRCm38.p6", "GRCh38_no_alt", "canFam4")] == [
        "mm10",
        "hg38",
        "canfam4",
    ]


def test_every_gene_lies_on_its_chromosome_and_none_of_the_other_assemblies_holds_all() -> None:
    table = gene_table()
    chromosome = chromosome_indices(table.chromosome)
    known = chromosome >= 0
    chromosome, start, end = chromosome[known], table.start[known] - 1, table.end[known]
    check_inside("hg38", chromosome, start, end)
    for other in set(ASSEMBLIES) - {"hg38"}:
        with pytest.raises(ParseError, match=r"ends past that chromosome of .*; all lie within hg38"):
            check_inside(other, chromosome, start, end)


def test_regions_on_another_assembly_are_refused_with_the_remedy() -> None:
    require_assembly("GRCh38", "hg38")
    with pytest.raises(UnsupportedError, match=r"lie on hg19 and hg38 is wanted.*hg19ToHg38\.over\.chain\.gz"):
        require_assembly("hg19", "hg38")


def test_positions_that_are_no_interval_are_refused_with_their_place() -> None:
    chromosome = np.zeros(3, dtype=np.int16)
    with pytest.raises(ParseError, match="position 2: chr1 from 900 to 100 is no interval"):
        check_inside("hg38", chromosome, np.array([1, 900, 5]), np.array([2, 100, 9]))


def test_a_locus_is_a_gene_of_any_name_or_an_interval() -> None:
    locus = locus_named("CD3D", "hg38")
    assert str(locus) == "CD3D (chr11:117,842,704-118,842,705 of hg38)"
    assert locus_named("ENSG00000167286.10", "hg38").start == locus.start
    interval = locus_named("chr2:1,000-3,000", "hg19")
    assert (interval.chromosome, interval.start, interval.end, interval.centre) == (1, 1000, 3000, 2000)
    with pytest.raises(ConfigurationError, match="no gene 'C11orf48'; it names C11orf98 and LBHD1"):
        locus_named("C11orf48", "hg38")
    with pytest.raises(UnsupportedError, match="genes of the table lie on hg38"):
        locus_named("CD3D", "hg19")
    with pytest.raises(ConfigurationError, match="is no interval of hg38"):
        locus_named("chr2:5-5", "hg38")


@pytest.mark.parametrize("seed", range(3))
def test_overlaps_are_those_of_comparing_every_pair(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def some(count: int, widest: int) -> Regions:
        chromosome = rng.integers(0, 3, count).astype(np.int16)
        start = rng.integers(0, 2_000, count)
        end = start + rng.integers(1, widest, count)
        order = genomic_order(chromosome, start, end)
        return Regions("hg38", chromosome[order], start[order], end[order], np.ones(count, dtype=np.float32))

    regions, queries = some(60, 700), some(80, 60)
    index = RegionIndex(regions.chromosome, regions.start, regions.end)
    found = index.overlapping(queries.chromosome, queries.start, queries.end)
    expected = {
        (q, r)
        for q in range(80)
        for r in range(60)
        if queries.chromosome[q] == regions.chromosome[r]
        and queries.start[q] < regions.end[r]
        and regions.start[r] < queries.end[q]
    }
    pairs = list(zip(*(part.tolist() for part in found), strict=True))
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == expected


def test_a_bed_file_is_a_list_in_genomic_order(tmp_path: Path) -> None:
    path = tmp_path / "ccres.bed"
    path.write_text(
        "track name=x\nchr2\t100\t400\tEH2\nchr1\t500\t900\tEH1\nchr1\t500\t900\tEH1\nKI270728.1\t1\t9\tEH0\n"
    )
    made = RegionList.from_bed(path, "hg38")
    assert made.names.tolist() == ["EH1", "EH2"]
    assert [CHROMOSOMES[place] for place in made.regions.chromosome] == ["chr1", "chr2"]
    assert len(made.notes) == 2
    for text, match in (
        ("chr1\t5\n", "position 1: 'chr1.t5' is no region"),
        ("chr1\t1\t2\nchr1\t9\t5\n", "position 2: chr1 from 9 to 5 is no interval"),
        ("chr21\t1\t48000000\n", "ends past that chromosome of hg38.*all lie within hg19"),
        ("# nothing\n", "holds no region"),
    ):
        path.write_text(text)
        with pytest.raises(ParseError, match=f"ccres.bed.*{match}"):
            RegionList.from_bed(path, "hg38")
    assert int(chromosome_lengths("hg38")[20]) == 46_709_983
