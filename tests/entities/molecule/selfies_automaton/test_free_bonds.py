"""The bonds that atoms have free, packed into one integer, are those of a plain list."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.entities.molecule.selfies_automaton.free_bonds import (
    UNARY,
    bonds_at,
    each_bonds,
    places_of,
    spread,
    with_bonds,
)


@pytest.mark.parametrize("seed", range(20))
def test_a_packed_fragment_is_the_list_of_its_bonds(seed: int) -> None:
    generator = np.random.default_rng(seed)
    free, plain = 0, []
    for _ in range(int(generator.integers(1, 90))):
        bonds = int(generator.integers(0, 9))
        free, plain = free << 8 | UNARY[bonds], [*plain, bonds]
        back, bonds = int(generator.integers(len(plain))), int(generator.integers(0, 9))
        free, plain[len(plain) - 1 - back] = with_bonds(free, back, bonds), bonds
    assert each_bonds(free, len(plain)) == plain
    assert [bonds_at(free, back) for back in range(len(plain))] == plain[::-1]
    places = int(generator.integers(1, 1 << 16))
    for order in (1, 2, 3):
        found = places_of(free & spread(places, order), order)
        enough = [place for place, bonds in enumerate(plain[-2::-1]) if bonds >= order and places >> place & 1]
        assert [place for place in range(len(plain)) if found >> place & 1] == enough
