"""Candidates, overlaps and what scorers read of a pair, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.entities.cell.overlaps import overlapping_pairs
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.links.candidates import candidate_pairs
from biomatrix.links.features import CODING, nearest_other_start, position_features, promoter_of, stacked
from biomatrix.links.gene_places import GenePlaces
from biomatrix.links.region_set import RegionSet


def regions(starts: list[int], width: int = 500, assembly: str = "hg38") -> RegionSet:
    start = np.array(starts, dtype=np.int64)
    return RegionSet(assembly, np.zeros(len(start), np.int16), start, start + width, np.ones(len(start)))


@pytest.mark.parametrize("seed", range(5))
def test_overlaps_are_those_of_a_double_loop(seed: int) -> None:
    draw = np.random.default_rng(seed)
    first, second = (
        (draw.integers(0, 3, n).astype(np.int16), start := draw.integers(0, 200, n), start + draw.integers(1, 60, n))
        for n in (40, 50)
    )
    found = set(zip(*overlapping_pairs(*first, *second), strict=True))
    wanted = {
        (a, b)
        for a in range(40)
        for b in range(50)
        if first[0][a] == second[0][b] and first[1][a] < second[2][b] and second[1][b] < first[2][a]
    }
    assert found == wanted


def test_candidates_lie_within_reach_and_know_their_distance(genes: GenePlaces) -> None:
    held = regions([2_300_000, 100, 999_750, 2_000_000])
    chosen, rejects = genes.of(["ENSG00000000001.7", "CCC"])
    assert not rejects
    pairs = candidate_pairs(held, genes, chosen)
    assert list(zip(pairs.gene, pairs.region, pairs.distance, strict=True)) == [
        (0, 1, 999_650),
        (0, 2, 0),
        (2, 2, 500_000),
        (2, 3, 500_250),
        (2, 0, 800_250),
    ]
    assert len(candidate_pairs(held, genes, chosen, reach=10)) == 1


def test_names_that_mean_no_gene_or_several(genes: GenePlaces) -> None:
    chosen, rejects = genes.of(["AAA", "TWO", "CCD", "OFF", "AAA"])
    assert chosen.tolist() == [0]
    reasons = [reject.reason for reject in rejects]
    assert "symbol of 2 genes" in reasons[0]
    assert "ENSG00000000006" in reasons[0]
    assert "did you mean" in reasons[1]
    assert "no gene 'OFF' on the chromosomes of hg38" in reasons[2]


def test_another_assembly_is_refused_with_the_remedy(genes: GenePlaces) -> None:
    with pytest.raises(ConfigurationError, match=r"hg19.*hg38.*liftOver"):
        candidate_pairs(regions([1], assembly="hg19"), genes, np.array([0]))


@pytest.mark.parametrize("seed", range(3))
def test_nearest_and_between_are_those_of_a_loop(seed: int, genes: GenePlaces) -> None:
    draw = np.random.default_rng(seed)
    middle, gene = draw.integers(900_000, 1_700_000, 60), draw.choice([0, 1, 2, 3, -1], 60)
    tss = np.where(gene >= 0, genes.tss[gene], 1_250_000)
    chromosome = np.zeros(60, np.int16)
    nearest, between = nearest_other_start(chromosome, middle, gene, tss, genes)
    coding = [row for row in range(len(genes)) if genes.biotype[row] == CODING and genes.chromosome[row] == 0]
    for row in range(60):
        others = [int(genes.tss[one]) for one in coding if one != gene[row]]
        low, high = sorted((int(middle[row]), int(tss[row])))
        assert nearest[row] == min(abs(one - middle[row]) for one in others)
        assert between[row] == sum(low + 500 < one < high - 500 for one in others)


def test_features_of_a_pair(genes: GenePlaces) -> None:
    middle, gene = np.array([1_240_100, 1_020_000]), np.array([0, 0])
    distance = np.abs(middle - genes.tss[gene])
    found = position_features(np.zeros(2, np.int16), middle, gene, genes.tss[gene], distance, genes)
    assert found["other_promoter"].tolist() == [1.0, 0.0]
    assert found["nearest_gene"].tolist() == [0.0, 1.0]
    np.testing.assert_allclose(found["log_distance"], np.log([240_100, 20_000]))
    assert promoter_of(np.zeros(2, np.int16), middle - 50, middle + 50, genes) == ["BBB", ""]
    with pytest.raises(ConfigurationError, match="log_CTCF"):
        stacked(found, ("log_distance", "log_CTCF"))


@pytest.mark.parametrize(
    ("start", "end", "signal", "message"),
    [
        ([5], [5], [1.0], "not after its start"),
        ([-1], [5], [1.0], "not after its start"),
        ([1], [5], [np.nan], "not at least 0"),
        ([1], [5, 6], [1.0], "differ in length"),
    ],
)
def test_regions_that_are_none(start: list[int], end: list[int], signal: list[float], message: str) -> None:
    with pytest.raises(ParseError, match=message):
        RegionSet("hg38", np.zeros(1, np.int16), np.array(start), np.array(end), np.array(signal))
