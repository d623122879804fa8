"""Proteins that are kept: exact counts, every solution once, and none that holds a motif."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from biomatrix.entities.nucleic.constraints.compiled import Compiled
from biomatrix.entities.nucleic.constraints.design import Coding, Design, Untranslated
from biomatrix.entities.nucleic.constraints.gc_content import GcContent
from biomatrix.entities.nucleic.constraints.motif_automaton import MotifAutomaton
from biomatrix.entities.nucleic.constraints.solutions import Solutions
from biomatrix.entities.nucleic.constraints.template import coding, joined
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.genetic_code import genetic_code
from biomatrix.entities.nucleic.motifs import ENZYMES, Motif, parse_motifs
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError
from biomatrix.generation.constraint_registry import parse_constraint


def compiled(protein: str, table: int, motifs: tuple[Motif, ...], left: str = "", right: str = "") -> Compiled:
    nodes = joined([coding(protein, genetic_code(table))])
    return Compiled.build(nodes, MotifAutomaton.of(motifs), left=left, right=right)


def test_the_reference_cases(shared: Path) -> None:
    generator = np.random.default_rng(0)
    for case in json.loads((shared / "data/nucleic/mrna/constraint_cases.json").read_text()):
        motifs = tuple(Motif(pattern, pattern) for pattern in case["forbidden"])
        arguments = case["protein"], case["table"], motifs, case["left"], case["right"]
        if not case["feasible"]:
            with pytest.raises(BioMatrixError, match=r"residue \d+ \(."):
                compiled(*arguments)
            continue
        solutions = Solutions(compiled(*arguments))
        assert str(solutions.total) == case["count"], case["name"]
        for written in (*solutions.drawn(1, generator), *solutions.drawn_by_usage(2, {"CTG": 9.0}, generator)):
            assert genetic_code(case["table"]).translate(written) == case["protein"]
            assert all(motif.found(case["left"] + written + case["right"]) is None for motif in motifs)


@pytest.mark.parametrize("seed", range(3))
def test_every_solution_has_its_number(seed: int) -> None:
    generator = np.random.default_rng(seed)
    protein = "".join(generator.choice(list("ACDEFGHIKLNPQRSTVY"), 5))
    ambiguous, plain = generator.choice(["GNC", "ACNNT", "CTR"]), generator.choice(["GGTA", "AC", "TCT"])
    motifs = parse_motifs(f"{ambiguous};runs>2;{plain}")
    left, right = "".join(generator.choice(list("ACGT"), 1)), "".join(generator.choice(list("ACGT"), 2))
    codes = genetic_code(1).codons
    expected = {
        "".join(codons)
        for codons in product(*(codes[letter] for letter in protein))
        if all(motif.found(left + "".join(codons) + right) is None for motif in motifs)
    }
    if not expected:
        with pytest.raises(ConfigurationError, match="no sequence is such"):
            compiled(protein, 1, motifs, left, right)
        return
    solutions = Solutions(compiled(protein, 1, motifs, left, right))
    assert {solutions.nth(number) for number in range(solutions.total)} == expected
    assert len(expected) == solutions.total


def test_drawing_is_even_and_follows_weights() -> None:
    solutions = Solutions(compiled("MLK*", 1, parse_motifs("+CTGAA;+AAATAG")))
    generator = np.random.default_rng(3)
    counts = np.unique(solutions.drawn(6000, generator), return_counts=True)[1]
    assert len(counts) == solutions.total
    assert np.abs(counts / 6000 - 1 / len(counts)).max() < 0.01
    weights = {"CTG": 3.0, "CTC": 0.0}
    drawn = solutions.drawn_by_usage(6000, weights, generator)
    each = {one: np.prod([weights.get(one[at : at + 3], 1.0) for at in range(0, 12, 3)]) for one in set(drawn)}
    total = sum(each.values())
    assert not any(one[3:6] == "CTC" for one in drawn)
    assert all(abs(drawn.count(one) / 6000 - weight / total) < 0.02 for one, weight in each.items())


def test_a_share_of_g_and_c_is_kept_exactly_or_refused() -> None:
    none = Untranslated(0, 0)
    design = Design(coding=Coding("MKLF*"), before=none, behind=none, motifs=parse_motifs("runs>3"))
    worked = design.compiled(design.nodes(0, 0), 1)
    solutions = Solutions(worked)
    shares = {solutions.nth(number).count("G") + solutions.nth(number).count("C") for number in range(solutions.total)}
    for strong in range(16):
        if strong in shares:
            assert GcContent(worked, strong / 15, strong / 15).kept(0, worked.start, 0)
        else:
            with pytest.raises(ConfigurationError, match=f"{min(shares)} to {max(shares)}"):
                GcContent(worked, strong / 15, strong / 15)


def test_motifs_are_named_in_many_ways() -> None:
    assert {motif.pattern for motif in parse_motifs("bsai; GGNCC;+aauaaa;A>2")} == {
        "GGTCTC", "GAGACC", "GGNCC", "AATAAA", "AAA",
    }  # fmt: skip
    assert all(set(site) <= set("ACGTRYSWKMBDHVN") for site in ENZYMES.values())
    for text, position in (("EcoRI;EcoXX", 6), ("runs>0", 0), ("", 0), ("NNN", 0)):
        with pytest.raises(ParseError) as caught:
            parse_motifs(text)
        assert (caught.value.position or 0) in (position, 0)


def test_what_no_codon_spells_is_refused_with_its_place() -> None:
    with pytest.raises(BioMatrixError, match=r"residue 2 \(U\).*recoding"):
        coding("MU*", genetic_code(1))
    recoded = Design(coding=Coding("MU*", recode=True))
    nodes = joined([Coding("MU*", recode=True).region()])
    assert Solutions(recoded.compiled(nodes, 1)).total == 3


@pytest.mark.parametrize(
    ("text", "kept", "broken", "reason"),
    [
        ("translates=MK*", "ATGAAATAA", "ATGAACTAA", "residue 2 is N, not K"),
        ("translates=MX*;stop=TGA", "ATGTTTTGA", "ATGTTTTAA", "the stop is TAA"),
        ("translates=MK;start=any;table=11", "GTGAAA", "GTAAAA", "residue 1 is V"),
        ("avoid=BsaI", "GGTCTA", "CGAGACC", "BsaI on the other strand"),
        ("bases=2:RY", "AGC", "ACC", "position 2 holds C"),
        ("gc=50-60%", "GATC", "GATT", "25.0% G and C"),
        ("gc=50-50%/2", "GAGA", "GAAG", "bases 2 to 3"),
        ("folds=(..)", "GAAT", "GAAG", "bases 1 and 4 are G and G"),
    ],
)
def test_finished_sequences_are_judged(text: str, kept: str, broken: str, reason: str) -> None:
    wish = parse_constraint(text)
    assert wish.fault(NucleicAcid(kept)) is None
    assert reason in str(wish.fault(NucleicAcid(broken)))
