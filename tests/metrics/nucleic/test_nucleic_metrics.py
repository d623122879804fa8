"""Pairs, designs, codons, labels and tracks: properties, and agreement with other implementations."""

from __future__ import annotations

import csv
import gzip
import sys
from pathlib import Path

import numpy as np
import pytest

from biomatrix.errors import ConfigurationError, ParseError, UnsupportedError
from biomatrix.metrics.nucleic.base_pairs import (
    adjacency_mcc,
    deformation_index,
    fold_scores,
    network_fidelity,
    pair_scores,
)
from biomatrix.metrics.nucleic.codons import (
    CodonReference,
    codon_adaptation_index,
    codon_recovery,
    codons,
    gc3_share,
    genetic_code,
    relative_synonymous_usage,
    synonymous_codons,
)
from biomatrix.metrics.nucleic.dot_bracket import pairs_of
from biomatrix.metrics.nucleic.inverse_folding import (
    aligned_places,
    recovery,
    sold_scores,
    sold_structure_scores,
    vienna_fold,
)
from biomatrix.metrics.nucleic.labels import macro_f1, matthews_correlation
from biomatrix.metrics.nucleic.tracks import TrackCorrelation, gene_expression, variant_scores
from biomatrix.metrics.ranked_pairs import ranked_pairs
from biomatrix.tasks.metrics import metric


def random_pairs(rng: np.random.Generator, length: int) -> list[tuple[int, int]]:
    places = rng.permutation(length)[: 2 * int(rng.integers(0, length // 2))].reshape(-1, 2)
    return [(int(min(pair)), int(max(pair))) for pair in places]


@pytest.mark.parametrize("seed", range(4))
def test_pair_scores_are_bounded_symmetric_and_kinder_with_a_slip(seed: int) -> None:
    from sklearn.metrics import matthews_corrcoef

    rng = np.random.default_rng(seed)
    for length in (12, 40):
        one, other = random_pairs(rng, length), [*random_pairs(rng, length), (0, length - 1)]
        exact, turned, slipped = pair_scores(one, other), pair_scores(other, one), pair_scores(one, other, slip=1)
        assert exact["precision"] == turned["recall"]
        assert exact["f1"] == pytest.approx(turned["f1"])
        assert all(0 <= exact[name] <= slipped[name] <= 1 for name in exact)
        tables = np.zeros((2, length, length), dtype=int)
        for table, pairs in zip(tables, (one, other), strict=True):
            for i, j in pairs:
                table[i, j] = table[j, i] = 1
        assert adjacency_mcc(one, other, length) == pytest.approx(matthews_corrcoef(*tables.reshape(2, -1)))
        assert network_fidelity(one, other) <= 1
    assert pair_scores([], [])["f1"] == adjacency_mcc([], [], 5) == network_fidelity([], []) == 1
    assert pair_scores([], [(0, 5)])["f1"] == adjacency_mcc([], [(0, 5)], 9) == network_fidelity([], [(0, 5)]) == 0
    assert deformation_index(3.0, 0.5) == 6.0
    assert deformation_index(3.0, 0.0) == float("inf")


def test_broken_structures_are_refused_as_truth_and_counted_as_answers() -> None:
    for text, place in (("((.)", 0), (".))", 1), ("(.[)]}", 5), ("(.x)", 2)):
        with pytest.raises(ParseError, match=f"position {place}"):
            pairs_of(text)
    scores = fold_scores(["((..))", "((..)", None, "(...)"], ["((..))", "(....)", "(....)", "(....)"])
    assert scores["f1"].value == 1
    assert scores["f1_corrected"].value == 0.25
    assert (scores["f1"].empty, scores["f1"].unparsable, scores["f1"].denominator) == (1, 2, 1)


def test_designs_are_judged_as_sold_does() -> None:
    def fold(sequence: str) -> tuple[str, float]:
        return "".join("(" if base in "GC" else "." for base in sequence), -float(sequence.count("G"))

    scores = sold_scores(["GGAU", "ACGT", "", "GG"], ["GGGG", "ACGU", "AA", "AAA"], fold)
    assert scores["ss"].value == pytest.approx(0.75)
    assert scores["mfe"].value == -1.5
    assert scores["gc"].value == 0.5
    assert scores["recovery"].value == 0.75
    assert (scores["ss"].empty, scores["ss"].unparsable) == (1, 1)
    found = recovery(["GGGG", "AC"], ["GGCC", "GC"])
    assert found["recovery"].value == 0.5
    assert found["recovery_pooled"].value == 0.5
    points = np.cumsum(np.random.default_rng(0).normal(size=(30, 3)) * 3, axis=0)
    whole, cut = "".join("ACGU"[i % 4] for i in range(30)), np.r_[0:7, 9:30]
    named = sold_structure_scores(points[cut] + 4.0, "".join(whole[i] for i in cut), points, whole)
    assert named["lddt"] > 0.9
    assert len(aligned_places(whole, whole)) == 30


def test_folding_program_is_vienna_where_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("RNA", reason="ViennaRNA is not installed")
    structure, energy = vienna_fold()("GGGGAAAACCCC")
    assert structure == "((((....))))"
    assert energy < -3
    monkeypatch.setitem(sys.modules, "RNA", None)
    with pytest.raises(ConfigurationError, match="biomatrix\\[fold\\]"):
        sold_scores(["GG"], ["GG"])


def test_codon_adaptation_is_invariant_where_it_should_be() -> None:
    rng = np.random.default_rng(1)
    code, stops = genetic_code(1), synonymous_codons(1)["*"]
    counts = {codon: float(rng.integers(0, 90)) for codon in code}
    usage = CodonReference("drawn", counts)
    best = "".join(max(group, key=lambda c: usage.frequencies[c]) for aa, group in synonymous_codons(1).items())
    drawn = "".join(rng.choice([codon for codon in code if codon not in stops], size=90))
    found = codon_adaptation_index(drawn, usage)
    assert codon_adaptation_index(best, usage).value == pytest.approx(1.0)
    assert 0 < found.value < 1
    assert found.reference == "drawn"
    assert found.pseudocount == 0.5
    shuffled = "".join(rng.permutation(list(codons(drawn)))).lower().replace("t", "u") + "NNNAT"
    again = codon_adaptation_index(shuffled, usage)
    assert again.value == pytest.approx(found.value)
    assert (again.left_out, again.remainder) == (found.left_out + 1, 2)
    doubled = CodonReference("drawn", {codon: 2 * count for codon, count in counts.items()}, pseudocount=1.0)
    assert codon_adaptation_index(drawn, doubled).value == pytest.approx(found.value)
    rscu = relative_synonymous_usage(drawn)
    for group in synonymous_codons(1).values():
        if any(codon in rscu for codon in group):
            assert sum(rscu[codon] for codon in group) == pytest.approx(len(group))
    assert codon_recovery(drawn, drawn) == 1
    assert codon_recovery("CTA", "CTG") == 0
    assert gc3_share("AAGAAA") == 0.5
    with pytest.raises(UnsupportedError, match="same protein"):
        codon_recovery("AAA", "GGG")
    with pytest.raises(UnsupportedError, match="'XYZ' is no codon"):
        codon_adaptation_index("AAA", CodonReference("bad", {"XYZ": 1.0}))


@pytest.mark.parametrize("seed", range(3))
def test_labels_score_as_scikit_learn_scores_them(seed: int) -> None:
    from sklearn.metrics import f1_score, matthews_corrcoef

    rng = np.random.default_rng(seed)
    true, said = rng.integers(0, 4, 60).tolist(), rng.integers(0, 5, 60).tolist()
    assert matthews_correlation(said, true) == pytest.approx(matthews_corrcoef(true, said))
    assert macro_f1(said, true) == pytest.approx(f1_score(true, said, average="macro"))
    order = rng.permutation(60)
    names = [f"class {label}" for label in true]
    assert matthews_correlation([names[i] for i in order], [names[i] for i in order]) == pytest.approx(1.0)
    assert matthews_correlation([1] * 60, true) == 0.0
    assert matthews_correlation([None, 1], [0, 1]) < 1


def test_both_pearsons_of_tracks() -> None:
    rng = np.random.default_rng(2)
    true = rng.gamma(2.0, size=(6, 50, 4)) * (1 + np.arange(6))[:, None, None] + 1e6
    found = true + rng.normal(size=true.shape)
    found[2, :, 1] = 7.0
    correlation = TrackCorrelation()
    for pair in zip(found, true, strict=True):
        correlation.add(*pair)
    pooled = [np.corrcoef(found[..., t].ravel(), true[..., t].ravel())[0, 1] for t in range(4)]
    assert correlation.over_all_bins() == pytest.approx(pooled)
    with np.errstate(invalid="ignore"):
        each = [[np.corrcoef(found[r, :, t], true[r, :, t])[0, 1] for t in range(4)] for r in range(6)]
    assert correlation.over_regions() == pytest.approx(np.nan_to_num(each).mean())
    with pytest.raises(UnsupportedError):
        correlation.add(found[0, :, :2], true[0, :, :2])
    there, back = variant_scores(true[0], found[0]), variant_scores(found[0], true[0])
    assert all(there[name] == pytest.approx(-back[name]) for name in ("sad", "sar"))
    assert gene_expression([1.0, 2.0, 3.0, 9.0], 0) == pytest.approx(np.log1p(3.0))


def test_area_under_the_curve_of_the_recorded_deltas(shared: Path) -> None:
    """Evo 2 1B on BRCA1, lower deltas first: 0.7287 is printed of all 3,893 variants, of which 3,125 are at hand."""
    from sklearn.metrics import roc_auc_score

    path = shared / "data/nucleic/variants/brca1_findlay2018.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    truth = np.array([row["class"] == "LOF" for row in rows])
    deltas = np.array([float(row["evo2_delta"]) for row in rows])
    area = ranked_pairs(truth, -deltas).auroc
    assert area == pytest.approx(roc_auc_score(truth, -deltas))
    assert area == pytest.approx(0.7287 if len(rows) == 3893 else 0.7236, abs=1e-4)


def test_metrics_of_tasks_find_them_by_name() -> None:
    assert metric("pearson").score([1.0, None, 3.0], [2.0, 5.0, 6.0]) == pytest.approx(1.0)
    assert metric("spearman").score([1.0, 9.0, 100.0], [0.1, 0.2, 0.3]) == pytest.approx(1.0)
    assert metric("matthews_correlation").score(["a", None, "b"], ["a", "a", "b"]) == pytest.approx(0.5, abs=0.2)
    assert metric("base_pair_f1").score(["( ( . . ) )", "((", None], ["((..))"] * 3) == pytest.approx(1 / 3)
    assert metric("sequence_recovery").score(["acgt", "A"], ["ACGU", "AA"]) == pytest.approx(0.5)
    with pytest.raises(ConfigurationError, match="of numbers"):
        metric("pearson").score(["x"], [1.0])
