"""Numbers in text and their units."""

from __future__ import annotations

import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.trust.units import UNITS, Quantity, find_quantities, known_unit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12.3kcal/mol", [(12.3, "kcal/mol")]),
        ("3,200 Da and -0.5", [(3200.0, "Da"), (-0.5, "")]),
        ("pH 7.4, 1e-9 M", [(7.4, ""), (1e-9, "M")]),
        ("C9H8O4 in 3D at 5 K", [(5.0, "K")]),
        ("version 1.2.3", []),
        ("−4.2 kJ/mol", [(-4.2, "kJ/mol")]),
        ("63 Å2", [(63.0, "Å2")]),
        ("5%.", [(5.0, "%")]),
        ("", []),
    ],
)
def test_numbers_are_read_with_their_units(text: str, expected: list[tuple[float, str]]) -> None:
    assert [(one.value, one.unit) for one in find_quantities(text)] == expected


def test_units_of_one_dimension_convert_there_and_back() -> None:
    for first in UNITS:
        for second in UNITS:
            there = Quantity(3.5, first, 0).value_in(second)
            assert (there is None) == (UNITS[first].dimension != UNITS[second].dimension)
            if there is not None:
                back = Quantity(there, second, 0).value_in(first)
                assert back == pytest.approx(3.5)


def test_temperatures_have_an_offset() -> None:
    assert Quantity(25.0, "°C", 0).value_in("K") == pytest.approx(298.15)


def test_a_unit_that_is_unknown_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no unit 'furlong'"):
        known_unit("furlong")
