"""Patterns find what Python's regular expressions find."""

from __future__ import annotations

import re
import time
from itertools import product

import pytest

from biomatrix.entities.constraints.patterns import pattern_table, whole_table
from biomatrix.entities.constraints.prosite import from_prosite
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


@pytest.mark.parametrize("pattern", ["A", "A.{1,2}G?", "(AC|G)*A", "[^A]+", "A*", "(A|AC)(G|CG)"])
def test_a_whole_sequence_is_matched_as_by_regular_expressions(pattern: str) -> None:
    transitions, whole = whole_table(pattern, ALPHABET)
    for length in range(6):
        for letters in product(ALPHABET, repeat=length):
            state = 0
            for letter in letters:
                state = int(transitions[state, ALPHABET.index(letter)]) if state >= 0 else -1
            text = "".join(letters)
            assert (state >= 0 and bool(whole[state])) is (re.fullmatch(pattern, text) is not None), text


def test_prosite_patterns_are_read() -> None:
    assert from_prosite("C-x(2,4)-C-x(3)-[LIVMFYWC]-x(8)-H-x(3,5)-H.") == "C.{2,4}C.{3}[LIVMFYWC].{8}H.{3,5}H"
    assert from_prosite("N-{P}-[ST]-{P}.") == "N[^P][ST][^P]"
    for wrong in ("<M-x", "C-x(2", "C--C", "C-b"):
        with pytest.raises(ParseError, match="no element of PROSITE"):
            from_prosite(wrong)


def test_long_gaps_take_little_work() -> None:
    began = time.process_time()
    transitions, _ = pattern_table("A.{11}C", "ACDEFGHIKLMNPQRSTVWY")
    assert len(transitions) == 2**12 + 1
    with pytest.raises(ParseError, match="more than 20,000 states"):
        pattern_table("A.{40}C", "ACDEFGHIKLMNPQRSTVWY")
    assert time.process_time() - began < 3
