"""GuacaMol's measures, drawn and of a fixed list."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.metrics.guacamol import drawn_in_turn, guacamol, guacamol_drawn

SMILES = ["CCO", "OCC", "C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "CCN", "", "C1CC", "c1ccccc1"]


def test_a_fixed_list_divides_by_what_came_before() -> None:
    found = guacamol(SMILES, ["NCC"])
    assert [found[name].value for name in ("validity", "unique", "novelty")] == pytest.approx([6 / 8, 4 / 6, 3 / 4])
    assert [found[name].denominator for name in ("validity", "unique", "novelty")] == [8, 6, 4]


def test_order_and_duplicates_change_no_count_of_distinct_ones() -> None:
    first = guacamol(SMILES, ["NCC"])
    second = guacamol(SMILES[::-1] * 3, ["NCC"])
    assert second["novelty"].value == first["novelty"].value
    assert second["unique"].value == pytest.approx(first["unique"].value / 3)


def test_a_generator_that_repeats_one_molecule_is_drawn_from_no_more_often_than_allowed() -> None:
    drawn = []

    def draw(number: int) -> list[str]:
        drawn.append(number)
        return ["CCO"] * number

    found = guacamol_drawn(draw, [], number_samples=10)
    assert found["validity_drawn"].value == 1.0
    assert found["unique_drawn"].value == pytest.approx(0.1)
    assert found["novelty_drawn"].value == pytest.approx(0.1)
    assert drawn == [10, 10, 10, 9, 9]  # validity; uniqueness at once; novelty until twice the number is passed


def test_the_official_novelty_takes_an_empty_string_for_a_molecule() -> None:
    found = guacamol_drawn(drawn_in_turn(["", "CCO"]), [], number_samples=2)
    assert (found["novelty_drawn"].value, found["novelty_drawn_corrected"].value) == (1.0, 0.5)


def test_a_generator_without_valid_molecules_ends() -> None:
    found = guacamol_drawn(drawn_in_turn(["C1CC"]), [], number_samples=5)
    assert [score.value for score in found.values()] == [0.0] * 4


@pytest.mark.parametrize("smiles", [[], ["C1CC"]])
def test_nothing_valid_is_undefined_beyond_validity(smiles: list[str]) -> None:
    found = guacamol(smiles, ["CCO"])
    assert np.isnan(found["unique"].value)
    assert np.isnan(found["novelty"].value)
