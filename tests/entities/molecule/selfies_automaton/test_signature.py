"""Drafts of one signature allow the same, whatever else they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from biomatrix.entities.automaton import Bounds
from biomatrix.entities.molecule.modalities.selfies_symbols import default_alphabet

NO_TWO_DIGITS = [
    "[C]",
    "[=C]",
    "[N]",
    "[O]",
    "[F]",
    "[O-1]",
    "[Branch1]",
    "[=Branch1]",
    "[Branch2]",
    "[Ring1]",
    "[Ring2]",
]
BARE = [symbol for symbol in default_alphabet() if not set(symbol) & set("@/\\")]


@pytest.mark.parametrize("alphabet", [BARE, NO_TWO_DIGITS])
@pytest.mark.parametrize("name", ["molecule_selfies", "molecule_structure"])
def test_what_is_looked_up_is_what_is_worked_out(name: str, alphabet: list[str], language: Any) -> None:
    automaton = language(name, alphabet).automaton
    generator = np.random.default_rng(5)
    looked_up = 0
    for number in range(120):
        budget = int(generator.integers(4, 400 if number % 4 == 0 else 60))
        most = int(generator.integers(1, max(2, budget // 2)))
        length = [None, most, (max(1, most // 2), most)][number % 3]
        states = automaton.start(Bounds(budget, length))[None]
        while not automaton.finished(states)[0]:
            draft = states[0, 0]
            assert automaton._options.choice(draft) == automaton._options._choice(draft)
            looked_up += automaton._options.signatures.of(draft) is not None
            ranges = automaton.allowed(states)[0]
            classes = automaton._options.classes(automaton._options._choice(draft))
            np.testing.assert_array_equal(ranges, automaton.alphabet.ranges(classes))
            ids = np.concatenate([np.arange(*each) for each in ranges])
            kept = ids[ids != automaton.end_id]
            ids = kept if len(kept) and generator.random() < 0.97 else ids
            states = automaton.advance(states, generator.choice(ids, 1))
    assert looked_up > 1000
