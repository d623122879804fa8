"""Patterns find what Python's regular expressions find."""

from __future__ import annotations

import re
from itertools import product

import pytest

from biomatrix.entities.constraints.patterns import pattern_table
from biomatrix.errors import ParseError

ALPHABET = "ACG"


@pytest.mark.parametrize(
    "pattern",
    [
        "A",
        "AC",
        "A[^C]G",
        ".C",
        "A{2}",
        "A{2,3}C",
        "A{2,}C",
        "A*C",
        "A+C",
        "A?CC",
        "(AC|GG)A",
        "(A(C|G)){2}",
        "C(A*|G)C",
        "A{0,2}C",
        "(A|C*)G",
        "((A|C)+G)?C",
        "(A*)*C",
        "(A?){2,3}G",
        "A(C|)G",
    ],
)
def test_a_table_finds_what_regular_expressions_find(pattern: str) -> None:
    transitions, seen = pattern_table(pattern, ALPHABET)
    for length in range(7):
        for letters in product(range(len(ALPHABET)), repeat=length):
            state = 0
            for letter in letters:
                state = int(transitions[state, letter])
            text = "".join(ALPHABET[letter] for letter in letters)
            assert bool(seen[state]) == bool(re.search(pattern, text)), text


@pytest.mark.parametrize(
    ("pattern", "position"),
    [
        ("AX", 1),
        ("A(C", 3),
        ("A)C", 1),
        ("[AC", 3),
        ("[]", 1),
        ("A{3,2}", 1),
        ("A{9999}", 1),
        ("*A", 0),
        ("A{,2}", 1),
        ("", 0),
        ("A*", 0),
        ("A|", 0),
        ("(" * 99, 51),
    ],
)
def test_a_bad_pattern_is_refused_at_its_place(pattern: str, position: int) -> None:
    with pytest.raises(ParseError) as error:
        pattern_table(pattern, ALPHABET)
    assert error.value.position == position
