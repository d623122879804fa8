"""Objectives against definitions worked out by hand, and without ViennaRNA."""

from __future__ import annotations

import sys
from math import exp, isnan, log

import pytest

from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.features import Feature
from biomatrix.entities.nucleic.folding.library import vienna
from biomatrix.entities.nucleic.motifs import parse_motifs
from biomatrix.entities.nucleic.objectives.catalogue import OBJECTIVES, measure
from biomatrix.entities.nucleic.objectives.objective import Settings
from biomatrix.entities.nucleic.objectives.transcript import Transcript
from biomatrix.entities.nucleic.objectives.usage import CodonUsage, species, usage_of
from biomatrix.errors import ConfigurationError, ParseError, UnsupportedError

LEADER, CODING, TRAILER = "GGAUGCCUGACAUGAUAAGCCACC", "AUGGCUUUUUUGCGAUAA", "GAUUUAUUUACAAUAAAC" + "C" * 50
MRNA = Transcript(LEADER + CODING + TRAILER, (len(LEADER), len(LEADER + CODING)))


def test_the_adaptation_index_is_that_of_sharp_and_li() -> None:
    counted = CodonUsage.from_coding("made up", ["ATG" + "TTT" * 8 + "TTC" * 2 + "GAA" * 3 + "TGG" + "TAA"])
    # F: TTT 1, TTC 2/8; E: GAA 1, GAG 0.5/3 for none counted; M, W and stops are left out
    wanted = exp((log(1) + log(2 / 8) + log(0.5 / 3)) / 3)
    assert counted.adaptation_index(["AUG", "UUU", "UUC", "GAG", "UGG", "UAA"]) == pytest.approx(wanted)
    assert isnan(counted.adaptation_index(["AUG", "UGG", "NNN"]))
    assert len(species()) == 9
    for host in species():
        usage = usage_of(host)
        commonest = [max(pairs, key=lambda pair: pair[1])[0] for acid, pairs in usage.shares.items() if acid != "*"]
        assert usage.adaptation_index(commonest) == pytest.approx(1)
        assert set(usage.weights) | {"TAA", "TAG", "TGA"} == set(usage.code.amino_acids)
    with pytest.raises(ConfigurationError, match="h_sapiens"):
        usage_of("h_sapien")


def test_counts_by_hand() -> None:
    names = [name for name, objective in OBJECTIVES.items() if not objective.folds]
    found = measure(MRNA, names, Settings.for_host(motifs=parse_motifs("+AUUUA;BsaI")))
    assert found["upstream_aug"] == 2  # AUG CCU GAC AUG AUA AGC CAC C.. and AUG AUA AGC, in one frame
    assert found["upstream_orf"] == 0
    assert found["overlapping_orf"] == 2
    assert found["kozak"] == 2
    assert found["gc3"] == pytest.approx(2 / 5)  # G, U, U, G, A
    assert found["utr3_length"] == len(TRAILER)
    assert found["are"] == 2
    assert found["motifs"] == 2
    assert found["early_poly_a"] == 1
    assert found["longest_run"] == 51
    assert found["gc_highest"] == 1
    assert found["cpg"] == MRNA.sequence.count("CG")
    lone = measure(Transcript("ACGU"), names)
    assert {name for name, value in lone.items() if isnan(value)} == {
        "cai", "gc3", "kozak", "upstream_aug", "upstream_orf", "overlapping_orf", "utr3_length", "are",
    }  # fmt: skip
    assert lone["gc_highest"] == lone["gc_lowest"] == 0.5


def test_an_upstream_frame_ends_before_the_start_and_an_overlapping_one_runs_into_it() -> None:
    names = ["upstream_aug", "upstream_orf", "overlapping_orf"]
    for leader, wanted in (
        ("AUGUAAC", (1, 1, 0)),
        ("AUGCACC", (1, 0, 1)),  # frame 1: AUG CAC CAU GGC CUA A
        ("AUGCAC", (1, 0, 0)),  # in frame: it lengthens the protein
        ("CACCAU", (0, 0, 0)),
    ):
        found = measure(Transcript(leader + "AUGGCCUAA", (len(leader), len(leader) + 9)), names)
        assert tuple(found.values()) == wanted, leader


def test_a_transcript_comes_from_an_entity_with_one_plain_coding_sequence() -> None:
    text = LEADER + CODING
    part = Feature("CDS", ((len(LEADER), len(text)),))
    assert Transcript.from_entity(NucleicAcid(text, "RNA", features=(part,))).codons[0] == "AUG"
    assert Transcript.from_entity(NucleicAcid(text, "RNA")).coding is None
    with pytest.raises(UnsupportedError, match="in pieces"):
        Transcript.from_entity(NucleicAcid(text, "RNA", features=(Feature("CDS", ((0, 3), (6, 9))),)))
    with pytest.raises(UnsupportedError, match="2 coding"):
        Transcript.from_entity(NucleicAcid(text, "RNA", features=(part, part)))
    with pytest.raises(ParseError, match="whole number of codons"):
        Transcript("AUGGCCUAA", (0, 8))


def test_without_viennarna_all_else_works_and_folding_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "RNA", None)
    vienna.cache_clear()
    assert set(measure(MRNA)) == {name for name, objective in OBJECTIVES.items() if not objective.folds}
    with pytest.raises(ConfigurationError, match=r"biomatrix\[fold\]"):
        measure(MRNA, ["mfe"])


def test_folds_by_what_they_are_made_of() -> None:
    pytest.importorskip("RNA", reason="the extra fold is not installed")
    vienna.cache_clear()
    found = measure(MRNA)
    assert set(found) == set(OBJECTIVES)
    assert found["mfe_per_nt"] == pytest.approx(found["mfe"] / len(MRNA.sequence))
    assert 0 < found["aup"] < 1
    # Weak pairs cannot form where there are only A: the whole is open.
    assert measure(Transcript("A" * 90, (30, 60)), ["aup", "start_open", "cap_open", "mfe"]) == pytest.approx(
        {"aup": 1, "start_open": 1, "cap_open": 1, "mfe": 0}
    )
    closed = Transcript("GGGGGGGGCCGAAAGGCCCCCCCC" * 2)
    windowed = Settings(usage_of("e_coli"), longest_ensemble=10)
    assert measure(closed, ["aup"])["aup"] == pytest.approx(measure(closed, ["aup"], windowed)["aup"], abs=0.02)
