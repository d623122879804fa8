"""Counts that once led nowhere, counts drawn at random, and counts asked several times over."""

from __future__ import annotations

import random
from typing import Any

import pytest
from rdkit import Chem

from biomatrix.entities.automaton import Bounds
from biomatrix.entities.molecule.counts import Count, MoleculeCounts
from biomatrix.entities.molecule.modalities.selfies_symbols import default_alphabet
from biomatrix.entities.molecule.selfies import read_symbols
from biomatrix.errors import ConfigurationError

NAMES = ["molecule_selfies", "molecule_structure"]
BARE = [symbol for symbol in default_alphabet() if not set(symbol) & set("@/\\")]
OTHERS = ["O", "N", "S", "F", "Cl", "Br", "I", "P", "B"]
LED_NOWHERE = [
    {"C": 40, "Cl": 2, "P": 3},
    {"C": 17, "B": 1, "Br": 1, "P": 2, "S": 1},
    {"C": 13, "P": 4, "S": 1},
    {"C": 16, "B": 2, "N": 1},
    {"C": 17, "P": 3, "S": 5},
]


def exactly(elements: dict[str, int]) -> MoleculeCounts:
    return MoleculeCounts({symbol: (count, count) for symbol, count in elements.items()}, others=False)


def check(spoken: Any, counts: MoleculeCounts, budget: int, seed: int, stop: float = 0.0) -> None:
    """Walk at random, never into a dead end, and count in the finished molecule."""
    plain = spoken.automaton
    spoken.automaton = plain.counting(counts)
    try:
        symbols = spoken.symbols(spoken.walk(Bounds(budget), seed, stop))
    finally:
        spoken.automaton = plain
    assert counts.fault(Chem.MolFromSmiles(read_symbols(symbols).smiles)) is None


@pytest.mark.parametrize("drawn", [4, pytest.param(20, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("name", NAMES)
def test_exact_counts_are_met_without_dead_ends(name: str, drawn: int, language: Any) -> None:
    spoken = language(name, BARE, codes=1)
    for number, elements in enumerate(LED_NOWHERE):
        check(spoken, exactly(elements), 512, number)
    for seed in range(drawn):
        generator = random.Random(seed)
        elements = {"C": generator.randint(3, 40)}
        elements |= {one: generator.randint(1, 5) for one in OTHERS if generator.random() < 0.25}
        check(spoken, exactly(elements), 512, seed)


@pytest.mark.parametrize("name", NAMES)
def test_ranges_are_kept_within_the_fewest_tokens_that_close(name: str, language: Any) -> None:
    spoken = language(name, BARE, codes=1)
    kept = 0
    for seed in range(30):
        generator = random.Random(seed)
        drawn = [drawn_counts(generator) for _ in range(2)]
        try:
            counts = drawn[0].within(drawn[1]) if seed % 3 == 0 else drawn[0]
            automaton = spoken.automaton.counting(counts)
            least = int(automaton.tokens_to_close(automaton.start(Bounds(512))[None])[0])
        except ConfigurationError:
            continue
        check(spoken, counts, least + generator.randint(0, 30), seed, stop=0.1)
        kept += 1
    assert kept > 12


def drawn_counts(generator: random.Random) -> MoleculeCounts:
    elements: dict[str, Count] = {}
    for symbol in ["C", *generator.sample(OTHERS, 2)]:
        least = generator.randint(0, 8 if symbol == "C" else 2)
        elements[symbol] = least, generator.choice([least, least + 3, None])
    rings = generator.randint(0, 3)
    return MoleculeCounts(elements, others=generator.random() < 0.5, atoms=(rings, 30), rings=(rings, rings + 1))


@pytest.mark.parametrize("name", NAMES)
def test_counts_asked_several_times_over_are_all_kept(name: str, language: Any) -> None:
    spoken = language(name, BARE, codes=1)
    both = spoken.automaton.counting(MoleculeCounts({"C": (4, 9)})).counting(
        MoleculeCounts({"C": (7, None), "F": (2, 2)}, rings=(1, 1))
    )
    spoken.automaton = both
    for seed in range(5):
        symbols = spoken.symbols(spoken.walk(Bounds(90), seed, stop=0.1))
        mol = Chem.MolFromSmiles(read_symbols(symbols).smiles)
        assert MoleculeCounts({"C": (7, 9), "F": (2, 2)}, rings=(1, 1)).fault(mol) is None
    with pytest.raises(ConfigurationError, match="no number is both"):
        both.counting(MoleculeCounts({"C": (10, 10)}))


def test_what_one_fragment_cannot_hold_is_written_in_several(language: Any) -> None:
    spoken = language("molecule_selfies", BARE)
    spoken.automaton = spoken.automaton.counting(exactly({"C": 1, "F": 4, "I": 2}))
    symbols = spoken.symbols(spoken.walk(Bounds(60), 0))
    assert "." in symbols
    assert exactly({"C": 1, "F": 4, "I": 2}).fault(Chem.MolFromSmiles(read_symbols(symbols).smiles)) is None


@pytest.mark.parametrize(
    "counts",
    [
        MoleculeCounts({"C": (9, 9)}, atoms=(3, 8)),
        MoleculeCounts({"C": (1, 1)}, others=False, rings=(1, 1)),
        MoleculeCounts({"C": (2, 3)}, others=False, atoms=(12, 12)),
    ],
)
def test_counts_that_nothing_has_are_refused(counts: MoleculeCounts, language: Any) -> None:
    with pytest.raises(ConfigurationError, match="these counts"):
        language("molecule_structure", BARE, codes=1).automaton.counting(counts).start(Bounds(512))
