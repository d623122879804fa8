"""Whatever a composite's automaton allows closes within its budget, decodes, and nothing shorter is forbidden."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.entities import Modality, modality
from biomatrix.entities.automaton import Automaton, Bounds
from biomatrix.entities.composite import CompositeModality
from biomatrix.entities.segment_ids import SegmentIds
from biomatrix.errors import BioMatrixError, ConfigurationError

from ..pair import PairStructure, PairText, ShelfText, registered_pairs

LETTERS = [f"<A {letter}>" for letter in "MKV"]
TOKENS = {
    "protein_sequence": LETTERS,
    "molecule_selfies": ["[C]", "[O]", "[=C]", "."],
    "molecule_smiles": [],
    "protein_structure": ["<S -1>", "<S 0>", "<S 7>", "<S 40>"],
    "molecule_structure": ["[C 0]", "[O 3]", "[Branch1 -1]", "[C -1]", "[Ring1 -1]"],
    "pair_text": ["<near 1>", "<near 2>"],
    "pair_structure": [],
    "shelf_text": [],
}
PIECES = ["C", "O", "N"]


@pytest.fixture(autouse=True)
def _pairs() -> Iterator[None]:
    with registered_pairs():
        yield


class Ids:
    """A vocabulary in small: numbers tokens as they come."""

    def __init__(self) -> None:
        self.tokens = list(PIECES)

    def of(self, mine: Modality) -> SegmentIds:
        parts = {name: self.of(modality(name)) for name in mine.parts}
        number = {token: self._id(token) for token in TOKENS[mine.name]}
        plain = np.arange(len(PIECES), dtype=np.int64)
        return SegmentIds(self._id(mine.start_token), self._id(mine.end_token), number, plain, parts)

    def _id(self, token: str) -> int:
        if token not in self.tokens:
            self.tokens.append(token)
        return self.tokens.index(token)

    def spelled(self, ids: list[int], mine: CompositeModality) -> list[str]:
        """Return a flat list, pieces joined to one text."""
        return mine.split("".join(self.tokens[id_] for id_ in ids))


@cache
def laid_out(cls: type[CompositeModality]) -> tuple[CompositeModality, Automaton, Ids]:
    mine, numbered = cls(), Ids()
    return mine, mine.automaton(numbered.of(mine)), numbered


def members(ranges: NDArray[np.int64]) -> list[int]:
    return [id_ for low, high in ranges.tolist() for id_ in range(low, high)]


def walk(automaton: Automaton, bounds: list[Bounds], rng: random.Random, shortest: bool = False) -> list[list[int]]:
    """Return random allowed rows up to their end tokens; the shortest way from each state on where asked."""
    states = np.stack([automaton.start(each) for each in bounds])
    rows: list[list[int]] = [[] for _ in bounds]
    known = set(automaton.ids.tolist())
    for _ in range(max(each.budget for each in bounds) + 1):
        if automaton.finished(states).all():
            break
        ids = []
        for row, ranges in enumerate(automaton.allowed(states)):
            options = members(ranges)
            assert bool(options) != bool(automaton.finished(states)[row])
            assert set(options) <= known
            if shortest and options:
                tried = np.repeat(states[row : row + 1], len(options), axis=0)
                left = automaton.tokens_to_close(automaton.advance(tried, np.array(options)))
                assert left.min() == automaton.tokens_to_close(states[row : row + 1])[0] - 1
                options = [options[int(left.argmin())]]
            ids.append(rng.choice(options) if options else automaton.end_id)
            if options:
                rows[row].append(ids[-1])
        states = automaton.advance(states, np.array(ids))
        spent = np.array([len(row) for row in rows])
        assert (automaton.tokens_to_close(states) + spent <= [each.budget for each in bounds]).all()
    assert automaton.finished(states).all()
    return rows


def least_of(automaton: Automaton) -> int:
    return int(automaton.tokens_to_close(automaton.start(Bounds(1_000))[None])[0])


@pytest.mark.parametrize("cls", [PairText, PairStructure, ShelfText])
@pytest.mark.parametrize("seed", range(4))
def test_random_walks_close_within_their_budget_and_have_the_form(cls: type[CompositeModality], seed: int) -> None:
    mine, automaton, numbered = laid_out(cls)
    rng = random.Random(seed)
    least = least_of(automaton)
    rows = walk(automaton, [Bounds(least + rng.randint(0, 40)) for _ in range(30)], rng)
    decoded = 0
    for row in rows:
        assert row[-1] == automaton.end_id
        (entity,) = mine.decode_each([numbered.spelled(row[:-1], mine)])
        decoded += not isinstance(entity, BioMatrixError)
        if isinstance(entity, BioMatrixError):  # chemistry that no grammar forbids, never the form
            assert entity.message.startswith(("molecule_", "pair_text: molecule_")) or "thirteen" in entity.message
    assert decoded > 0


@pytest.mark.parametrize("cls", [PairText, PairStructure, ShelfText])
def test_the_least_is_reached_and_one_less_is_refused(cls: type[CompositeModality]) -> None:
    _, automaton, _ = laid_out(cls)
    least = least_of(automaton)
    (row,) = walk(automaton, [Bounds(least)], random.Random(0))
    assert len(row) == least
    with pytest.raises(ConfigurationError, match=f"at least {least}"):
        automaton.start(Bounds(least - 1))


@pytest.mark.parametrize("cls", [PairText, PairStructure, ShelfText])
def test_tokens_to_close_is_the_length_of_the_shortest_way(cls: type[CompositeModality]) -> None:
    _, automaton, _ = laid_out(cls)
    rng = random.Random(3)
    for row in walk(automaton, [Bounds(least_of(automaton) + 25)] * 10, rng):
        states = automaton.start(Bounds(1_000))[None]
        for id_ in row[: rng.randint(0, len(row) - 1)]:
            states = automaton.advance(states, np.array([id_]))
        wanted = int(automaton.tokens_to_close(states)[0])
        for _ in range(wanted):
            options = members(automaton.allowed(states)[0])
            following = automaton.advance(np.repeat(states, len(options), axis=0), np.array(options))
            states = following[[int(automaton.tokens_to_close(following).argmin())]]
        assert automaton.finished(states)[0]
        assert automaton.tokens_to_close(states)[0] == 0


@pytest.mark.parametrize("length", [1, 4, 9])
def test_an_asked_length_is_that_of_the_part_that_measures(length: int) -> None:
    mine, automaton, numbered = laid_out(PairStructure)
    bounds = [Bounds(length + 5 + extra, length) for extra in (1, 2, 30)]
    for row in walk(automaton, bounds, random.Random(length)):
        assert mine.length(numbered.spelled(row[:-1], mine)) == length


@pytest.mark.parametrize("length", [(1, 3), (4, 9), (7, 999)])
def test_a_range_of_lengths_is_kept_by_the_part_that_measures(length: tuple[int, int]) -> None:
    mine, automaton, numbered = laid_out(PairStructure)
    bounds = [Bounds(length[0] + 5 + extra, length) for extra in (1, 2, 30)] * 4
    found = [mine.length(numbered.spelled(row[:-1], mine)) for row in walk(automaton, bounds, random.Random(3))]
    assert all(length[0] <= one <= length[1] for one in found)
    assert len(set(found)) > 1


def test_lengths_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="no length"):
        laid_out(PairText)[1].start(Bounds(50, 3))
    with pytest.raises(ConfigurationError, match="length 0"):
        laid_out(PairStructure)[1].start(Bounds(50, 0))


def test_rows_of_a_batch_do_not_touch_each_other() -> None:
    _, automaton, _ = laid_out(ShelfText)
    rng = random.Random(5)
    rows = walk(automaton, [Bounds(60)] * 6, rng)
    together = np.stack([automaton.start(Bounds(60))] * len(rows))
    for column in range(max(map(len, rows))):
        ids = np.array([row[column] if column < len(row) else automaton.end_id for row in rows])
        for row, ranges in enumerate(automaton.allowed(together)):
            (alone,) = automaton.allowed(together[row : row + 1])
            assert alone is ranges or (len(alone) == len(ranges) == 0)
        together = automaton.advance(together, ids)
    assert automaton.finished(together).all()


def test_a_part_without_tokens_is_never_offered() -> None:
    mine, numbered = PairText(), Ids()
    ids = numbered.of(mine)
    empty = replace(ids.parts["molecule_selfies"], tokens={})
    automaton = mine.automaton(replace(ids, parts={**ids.parts, "molecule_selfies": empty}))
    for row in walk(automaton, [Bounds(30)] * 20, random.Random(1)):
        assert empty.start_id not in row
        assert ids.parts["molecule_smiles"].start_id in row


def test_an_id_that_may_not_come_is_refused() -> None:
    _, automaton, _ = laid_out(PairText)
    with pytest.raises(ConfigurationError, match="protein_sequence may"):
        automaton.advance(automaton.start(Bounds(30))[None], np.array([automaton.end_id]))
