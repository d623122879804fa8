"""Design for a structure: energies kept up to date are ViennaRNA's own, and what is returned folds as asked."""

from __future__ import annotations

import random

import pytest

from biomatrix.entities.nucleic.design.bases_at import BasesAt
from biomatrix.entities.nucleic.design.elements import BASES, TYPE_OF, ElementEnergies, elements_of
from biomatrix.entities.nucleic.design.rivals import Rivals, parts
from biomatrix.entities.nucleic.design.search import design_for_structure
from biomatrix.entities.nucleic.folding.structures import evaluate, fold, partners_of
from biomatrix.errors import ConfigurationError, LimitError, ParseError, UnsupportedError

pytest.importorskip("RNA", reason="the extra fold is not installed")

TARGET = "((((..((....))..((((...))))..))))...((....))"
PARTNERS = partners_of(TARGET)


def brackets(partners: list[int] | tuple[int, ...]) -> str:
    return "".join("." if j < 0 else "(" if j > i else ")" for i, j in enumerate(partners))


def letters(bases: list[int]) -> str:
    return "".join(BASES[base - 1] for base in bases)


@pytest.mark.parametrize("seed", range(3))
def test_the_elements_of_a_structure_sum_to_its_energy(seed: int) -> None:
    draw = random.Random(seed)
    for length in (5, 30, 60, 90, 120):
        sequence = "".join(draw.choices(BASES, k=length))
        structure = fold(sequence).structure
        energies = ElementEnergies(length)
        bases = [BASES.index(base) + 1 for base in sequence]
        total = sum(energies(element, bases) for element in elements_of(partners_of(structure)))
        assert total / 100 == pytest.approx(evaluate(sequence, structure), abs=1e-4)


def test_gaps_stay_what_folding_would_say_while_bases_change() -> None:
    draw = random.Random(1)
    choices = BasesAt(PARTNERS, "N" * len(TARGET))
    rivals, met = Rivals(PARTNERS, choices.start(draw)), []
    for step in range(1_200):
        if step % 40 == 0:
            structure = fold(letters(choices.start(draw))).structure
            met += [part for part in parts(partners_of(structure), PARTNERS) if rivals.add(part)]
        changes: dict[int, int] = {}
        choices.put(draw.randrange(len(TARGET)), changes, draw)
        undo = rivals.change(list(changes.items()))
        if draw.random() < 0.5:
            rivals.undo(undo)
    assert len(met) == len(rivals.gaps) > 20
    sequence = letters(rivals.bases)
    energy = evaluate(sequence, TARGET)
    assert rivals.energy / 100 == pytest.approx(energy, abs=1e-4)
    for rival, gap in zip(met, rivals.gaps, strict=True):
        if all(TYPE_OF[rivals.bases[i]][rivals.bases[j]] for i, j in enumerate(rival) if j > i):
            assert gap / 100 == pytest.approx(evaluate(sequence, brackets(rival)) - energy, abs=1e-3)
        else:
            assert gap > 300  # it cannot form
    least = sorted(rivals.gaps)[:10]
    rivals.keep(10)
    assert sorted(rivals.gaps) == pytest.approx(least)


def test_the_parts_of_a_rival_differ_in_one_region_each_and_make_it_up() -> None:
    rival = "((((................))))((...))..((....))...."
    target = "((((..((....))......))))((...))....((....)).."
    moved = "((((..((....))......))))((...))..((....))...."
    lost = "((((................))))((...))....((....)).."
    assert [brackets(part) for part in parts(partners_of(rival), partners_of(target))] == [moved, lost]


def test_designs_fold_as_asked_keep_what_is_fixed_and_repeat() -> None:
    fixed = "GGN" + "N" * (len(TARGET) - 6) + "RCC"
    found = design_for_structure(TARGET, seed=3, fixed=fixed, count=3, folds=400)
    assert len({design.sequence for design in found}) == 3
    for design in found:
        assert design.matches
        assert fold(design.sequence).structure == design.structure == TARGET
        assert design.sequence.startswith("GG")
        assert design.sequence.endswith("CC")
        assert design.sequence[-3] in "AG"
    assert design_for_structure(TARGET, seed=3, fixed=fixed, count=3, folds=400) == found


def test_a_target_without_a_sequence_gives_the_closest_and_one_that_cannot_be_is_refused() -> None:
    lone = "(...)" + "." * 20  # one pair over a hairpin of three: never the most stable
    [closest] = design_for_structure(lone, folds=4)
    assert not closest.matches
    assert closest.distance == 2
    whole = design_for_structure("((((....))))", fixed="AAAAAAAAUUUU", folds=3)
    assert whole[0].sequence == "AAAAAAAAUUUU"
    for target, fixed, error, text in (
        ("((..))", None, UnsupportedError, "places 1 and 4"),
        ("(...)", "GNNNA", UnsupportedError, "does not pair"),
        ("(....)", "NNN", ParseError, "3 letters"),
        ("(....", None, ParseError, "no partner"),
        ("", None, ParseError, "empty"),
        ("." * 2_001, None, LimitError, "2,000"),
    ):
        with pytest.raises(error, match=text):
            design_for_structure(target, fixed=fixed)
    with pytest.raises(ConfigurationError, match="nothing to search"):
        design_for_structure("(...)", 0)
