"""No automaton of SELFIES reaches a dead end, and what it writes is spelt to the last symbol."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from biomatrix.entities.automaton import Bounds
from biomatrix.entities.molecule.modalities.selfies_symbols import default_alphabet
from biomatrix.errors import ConfigurationError

NAMES = ["molecule_selfies", "molecule_structure"]
ORGANIC = [
    "[H]",
    "[C]",
    "[=C]",
    "[#C]",
    "[N]",
    "[=N]",
    "[#N]",
    "[N+1]",
    "[O]",
    "[=O]",
    "[O-1]",
    "[S]",
    "[=S]",
    "[P]",
    "[F]",
    "[Cl]",
    "[Branch1]",
    "[=Branch1]",
    "[#Branch1]",
    "[Branch2]",
    "[=Branch2]",
    "[#Branch2]",
    "[Ring1]",
    "[=Ring1]",
    "[#Ring1]",
    "[Ring2]",
]
BARE = [symbol for symbol in default_alphabet() if not set(symbol) & set("@/\\")]
ALPHABETS = {"organic": ORGANIC, "default": BARE}
SMALL = {
    "rings": ["[C]", "[=C]", "[O]", "[Ring1]", "[=Ring1]"],
    "branches": ["[C]", "[=N]", "[F]", "[Branch1]", "[=Branch1]"],
    "no plain atom": ["[=C]", "[#N]", "[Branch1]"],
    "no link": ["[F]", "[Na+1]", "[Ring1]"],
    "no leaf of a double bond": ["[C]", "[=Branch1]", "[Ring1]", "[O]"],
}


def bounds_of(seed: int) -> Bounds:
    """Return every third time an exact length within a tight budget, no length, a range."""
    generator = np.random.default_rng(seed)
    length = int(generator.integers(1, 45))
    if seed % 3 == 0:
        return Bounds(int(length * generator.uniform(1, 3)) + 1, length)
    return Bounds(80) if seed % 3 == 1 else Bounds(3 * length + 30, (length, length + int(generator.integers(0, 9))))


@pytest.mark.parametrize("alphabet", ALPHABETS)
@pytest.mark.parametrize("name", NAMES)
def test_walks_spell_what_they_write(name: str, alphabet: str, language: Any, every_symbol_counts: Any) -> None:
    spoken = language(name, ALPHABETS[alphabet])
    for seed in range(90):
        bounds = bounds_of(seed)
        tokens = spoken.walk(bounds, seed, stop=0.05)
        atoms = every_symbol_counts(spoken.symbols(tokens))
        length = spoken.modality.length(tokens)
        least, most = bounds.range or (1, 80)
        assert least <= length <= most
        assert length == (atoms if name == "molecule_structure" else len(tokens) - tokens.count("."))


@pytest.mark.parametrize("name", NAMES)
def test_walks_decode(name: str, language: Any) -> None:
    spoken = language(name, default_alphabet() if name == "molecule_selfies" else BARE)
    for seed in range(40):
        tokens = spoken.walk(bounds_of(seed), seed, stop=0.05)
        molecule = spoken.modality.decode(tokens)
        if name == "molecule_structure":
            assert molecule.num_atoms == spoken.modality.length(tokens)
            assert not molecule.notes


@pytest.mark.parametrize("alphabet", SMALL)
@pytest.mark.parametrize("name", NAMES)
def test_no_way_through_a_small_alphabet_ends_dead(name: str, alphabet: str, language: Any) -> None:
    """All ways, for all small budgets and lengths: every state has a next token, and the bound on closing is kept."""
    spoken = language(name, SMALL[alphabet], codes=1)
    automaton = spoken.automaton
    ways = 0
    for budget, length in itertools.product(range(2, 7), [None, 1, 2, 3, 4, (2, 3)]):
        try:
            todo = [(automaton.start(Bounds(budget, length)), budget)]
        except ConfigurationError:
            continue
        while todo:
            state, left = todo.pop()
            states = state[None]
            if automaton.finished(states)[0]:
                ways += 1
                continue
            options = spoken.options(states)
            assert options
            assert int(automaton.tokens_to_close(states)[0]) <= left
            following = automaton.advance(np.repeat(states, len(options), axis=0), np.array(options))
            todo += [(row, left - 1) for row in following]
    assert ways > 3


@pytest.mark.parametrize("alphabet", ["rings", "branches"])
def test_a_small_language_holds_all_that_its_rules_allow(
    alphabet: str, language: Any, every_symbol_counts: Any
) -> None:
    """Of all strings of up to five symbols, those allowed are spelt whole."""
    spoken = language("molecule_selfies", SMALL[alphabet])
    for size in range(1, 6):
        allowed = [row for row in itertools.product(SMALL[alphabet], repeat=size) if spoken.accepts(row, size)]
        assert allowed
        for row in allowed:
            every_symbol_counts(row)


@pytest.mark.parametrize(
    ("name", "symbols", "bounds", "message"),
    [
        ("molecule_structure", ["[Ring1]"], Bounds(9), "too few tokens"),
        ("molecule_structure", ["[F]"], Bounds(9, 3), "too few tokens"),
        ("molecule_structure", ORGANIC, Bounds(9, 9), "at least 10 tokens"),
        ("molecule_selfies", ORGANIC, Bounds(9, 0), "length 0"),
    ],
)
def test_what_cannot_be_is_refused(name: str, symbols: list[str], bounds: Bounds, message: str, language: Any) -> None:
    with pytest.raises(ConfigurationError, match=message):
        language(name, symbols).automaton.start(bounds)
