"""Relatives of sequences: what was mutated is found again, with its identity; what is unrelated is not."""

from __future__ import annotations

from random import Random

import pytest

from biomatrix.metrics.sequence_relatives import SequenceRelatives
from biomatrix.metrics.shared_words import SharedWords, word_codes

_LETTERS = "ACDEFGHIKLMNPQRSTVWY"


def _chain(rng: Random, length: int) -> str:
    return "".join(rng.choice(_LETTERS) for _ in range(length))


def _mutated(rng: Random, chain: str, share: float) -> str:
    return "".join(rng.choice(_LETTERS) if rng.random() < share else letter for letter in chain)


@pytest.fixture
def rng() -> Random:
    return Random(5)


@pytest.fixture
def chains(rng: Random) -> list[str]:
    return [_chain(rng, rng.randint(60, 300)) for _ in range(60)]


def test_a_sequence_is_its_own_relative(chains: list[str]) -> None:
    relatives = SequenceRelatives(chains)
    relatives.add(chains[7], "same")
    assert relatives.found[7] == (1.0, "same")
    assert all(found.identity == 0 for index, found in enumerate(relatives.found) if index != 7)


def test_three_mutations_leave_ninety_percent(chains: list[str], rng: Random) -> None:
    letters = list(chains[3])
    for place in rng.sample(range(len(letters)), 3):
        letters[place] = "W" if letters[place] != "W" else "A"
    relatives = SequenceRelatives(chains)
    relatives.add("".join(letters), "mutant")
    assert relatives.found[3].identity >= 0.9
    assert relatives.found[3].name == "mutant"


def test_half_of_a_chain_mutated_with_a_gap_is_found(chains: list[str], rng: Random) -> None:
    relatives = SequenceRelatives(chains)
    for chain in chains:
        mutant = _mutated(rng, chain, 0.4)
        relatives.add(mutant[: len(chain) // 2] + "GAPS" + mutant[len(chain) // 2 :], "mutant")
    found = [one.identity for one in relatives.found]
    assert sum(identity >= 0.5 for identity in found) >= 57
    assert max(found) < 0.9


def test_a_chain_inside_a_longer_one_is_found_and_a_piece_of_it_is_not(chains: list[str], rng: Random) -> None:
    relatives = SequenceRelatives(chains)
    relatives.add(_chain(rng, 100) + chains[0] + _chain(rng, 80), "longer")
    relatives.add(chains[1][: len(chains[1]) // 2], "piece")
    assert relatives.found[0].identity > 0.95
    assert relatives.found[1].identity == 0


def test_unrelated_chains_are_no_relatives(chains: list[str], rng: Random) -> None:
    relatives = SequenceRelatives(chains)
    for number in range(150):
        relatives.add(_chain(rng, rng.randint(1, 300)), str(number))
    assert all(found.identity == 0 for found in relatives.found)


def test_letters_that_stand_for_any_amino_acid_relate_nothing() -> None:
    relatives = SequenceRelatives(["X" * 80, "MKTWUOJBZX" * 6])
    relatives.add("X" * 90, "unknown")
    relatives.add("MKTWUOJBZX" * 6, "odd letters")
    assert [found.identity for found in relatives.found] == [0.0, 1.0]


@pytest.mark.parametrize("sequence", ["", "M", "MK", "X" * 9, "é!"])
def test_short_and_strange_sequences_have_no_candidates(sequence: str) -> None:
    assert SharedWords(["MKTAYIAKQR", ""]).candidates(sequence) == []
    assert (word_codes(sequence) < 0).all()
