"""Transcripts for a protein: each keeps it, avoids what is to be avoided, and none is beaten by another."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.entities.nucleic.design.mrna import Order, design_mrna
from biomatrix.entities.nucleic.design.mrna_files import FILES, write_designs
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.motifs import parse_motifs
from biomatrix.entities.records import read
from biomatrix.errors import ConfigurationError

ORDER = Order(
    "MASKEELFTGVVPILVELDGDVNGHK", "e_coli", "GGGAAANNNGCCACC", "GCUCGCUUNN", parse_motifs("BsaI;EcoRI;runs>4")
)


def test_designs_keep_the_protein_hold_no_motif_and_none_beats_another() -> None:
    found = design_mrna(ORDER, ["cai", "u", "cpg"], rounds=3, per_round=12)
    assert found.sought == {"cai": "higher", "u": "lower", "cpg": "lower"}
    assert len(found.front) > 2
    for index in range(len(found.front)):
        assert all(found.checks(index).values()), found.checks(index)
    fixed = found.front[0].item
    assert (fixed[:6], fixed[9:15], fixed[-10:-2]) == ("GGGAAA", "GCCACC", "GCUCGCUU")
    for one in found.front:
        for other in found.front:
            better = (
                other.values["cai"] >= one.values["cai"],
                other.values["u"] <= one.values["u"],
                other.values["cpg"] <= one.values["cpg"],
            )
            assert not all(better) or {**one.values} == {**other.values}
    again = design_mrna(ORDER, ["cai", "u", "cpg"], rounds=3, per_round=12)
    assert [each.item for each in again.front] == [each.item for each in found.front]


def test_what_cannot_be_searched_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no better direction"):
        design_mrna(ORDER, ["gc"])
    with pytest.raises(ConfigurationError, match="e_coli"):
        design_mrna(Order("MK", "e_col"))
    with pytest.raises(ConfigurationError):  # one codon each, and they hold the motif
        design_mrna(Order("MW", avoid=parse_motifs("+AUGUGG")), ["cai"])


def test_a_search_says_what_it_cannot_measure_and_never_ends_with_nothing() -> None:
    short = Order("MKKK", "e_coli")  # with no 5' UTR nothing can be said of how open its start is
    assert design_mrna(short, rounds=1, per_round=4).front
    with pytest.raises(ConfigurationError, match="cannot be measured"):
        design_mrna(short, ["cai", "start_mfe", "kozak"], rounds=1, per_round=4)
    with pytest.raises(ConfigurationError, match="no residue"):
        design_mrna(Order(""))
    with pytest.raises(ConfigurationError, match="5' UTR holds 'X' at place 3"):
        design_mrna(Order("MK", before="GGGXX"))


def test_the_files_hold_the_same_designs_and_the_page_says_how_they_were_made(tmp_path: Path) -> None:
    pytest.importorskip("RNA", reason="the extra fold is not installed")
    found = design_mrna(ORDER, rounds=1, per_round=6)
    assert list(found.sought) == ["cai", "start_open", "aup"]
    write_designs(found, tmp_path / "designs", count=2)
    assert sorted(path.name for path in (tmp_path / "designs").iterdir()) == sorted(FILES)
    first, second = read(tmp_path / "designs" / "designs.gb")
    assert isinstance(first, NucleicAcid)
    assert [feature.type for feature in first.features] == ["5'UTR", "CDS", "3'UTR"]
    assert str(first.cds(first.features[1]).translate()).startswith(ORDER.protein)
    assert second.sequence == found.front[1].item
    page = (tmp_path / "designs" / "designs.html").read_text("utf-8")
    assert page.count("<svg") == 2
    assert f"{found.total:,} sequences fit" in page
