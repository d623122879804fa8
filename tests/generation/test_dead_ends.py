"""No automaton reaches a dead end, and none allows what it may not: exhaustive in small, random in large.

The table at the head names them all: every modality's own, each with every constraint narrowed onto it, those of
answers in text, of kept and of several segments; composites and free text have walks of their own, as they end in other
ways. A walk fails where nothing may come, where an id outside the modality may, where the
tokens that are said to close it do not fit, or where it ends beyond its budget or at another length.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import biomatrix as bm
from biomatrix.entities import default_modalities, modality
from biomatrix.entities.automaton import Automaton, Bounds
from biomatrix.entities.base_modality import Modality
from biomatrix.entities.molecule.examples import bundled_component
from biomatrix.entities.molecule.modalities.smiles import find_syntax_fault
from biomatrix.entities.molecule.scaffolds.automaton import ScaffoldAutomaton
from biomatrix.entities.protein.examples import bundled_protein
from biomatrix.entities.segment_ids import SegmentIds
from biomatrix.errors import ConfigurationError
from biomatrix.generation.constraint_registry import OF_TEXT, constraint_class, constraint_names
from biomatrix.generation.fixed_segment import FixedSegment
from biomatrix.generation.segments_automaton import Place, SegmentsAutomaton
from biomatrix.generation.text_answers.pieces import piece_bytes
from biomatrix.generation.text_answers.pieces_automaton import PiecesAutomaton
from biomatrix.generation.text_answers.text_constraint import TextConstraint
from biomatrix.vocabulary import Vocabulary, qwen3_tokenizer

from ..walks import explore, needed, random_walk

MODALITIES = ("molecule_smiles", "molecule_selfies", "molecule_structure", "protein_sequence", "protein_structure")
OF_ENTITIES = tuple(name for name in constraint_names() if name not in OF_TEXT)
OF_MOLECULES = ("elements", "formula", "atoms", "rings", "bonds", "graph")
OF_SEQUENCES = ("fixed", "composition", "motif", "forbidden", "pattern", "sequence")
OF_BACKBONES = ("sequence", "structure", "unresolved")
NARROWED = {(name, out) for name in OF_MOLECULES for out in MODALITIES[:3]} - {("graph", "molecule_smiles")}
NARROWED |= {(name, "protein_sequence") for name in OF_SEQUENCES}
NARROWED |= {(name, "protein_structure") for name in OF_BACKBONES}
NARROWED |= {("scaffold", "molecule_smiles")}
"""The constraints that change an automaton; the others are kept by looking at the answer, or refused."""
LENGTHS: tuple[int | tuple[int, int] | None, ...] = (None, 20, (12, 30), 45)
SMALL = {
    "molecule_selfies": ["[C]", "[=O]", "[Branch1]", "[Ring1]", "."],
    "molecule_structure": ["[C 0]", "[O 1]", "[Ring1 -1]", "[C -1]"],
    "protein_sequence": ["<A M>", "<A K>", "<A X>"],
    "protein_structure": ["<S -1>", "<S 0>", "<S 7>"],
}
"""A few tokens of each modality, for the exhaustive walks."""


@pytest.fixture(scope="module")
def nano() -> Vocabulary:
    return bm.load("nano").vocabulary


def test_the_table_holds_every_modality_and_constraint(nano: Vocabulary) -> None:
    assert set(nano.modalities) == set(MODALITIES)
    changed = set()
    for name in OF_ENTITIES:
        for out in MODALITIES:
            try:
                if narrowed(nano, name, out) is not nano.automaton(out):
                    changed.add((name, out))
            except ConfigurationError:
                continue
    assert changed == NARROWED


# In large: the shipped vocabulary


@pytest.mark.parametrize("out", MODALITIES)
def test_random_segments_of_each_modality(nano: Vocabulary, out: str) -> None:
    check(nano, out, nano.automaton(out), walks=1 if out == "molecule_smiles" else 3)


@pytest.mark.parametrize(("name", "out"), sorted(NARROWED))
def test_random_segments_under_each_constraint(nano: Vocabulary, name: str, out: str) -> None:
    lengths = LENGTHS[:1] if out == "molecule_smiles" else LENGTHS[:2]
    check(nano, out, narrowed(nano, name, out), walks=1, lengths=lengths)


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize(("name", "out"), [*((None, out) for out in MODALITIES), *sorted(NARROWED)])
def test_many_random_segments(nano: Vocabulary, name: str | None, out: str) -> None:
    check(nano, out, nano.automaton(out) if name is None else narrowed(nano, name, out), walks=12)


@pytest.mark.slow
@pytest.mark.parametrize("walks", [1, pytest.param(4, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("out", MODALITIES)
def test_random_segments_over_the_published_vocabulary(shared: Path, out: str, walks: int) -> None:
    """Qwen3's 151,643 pieces and every token that the modalities have."""
    vocabulary = published(shared / "data" / "tokenizer")
    check(vocabulary, out, vocabulary.automaton(out), walks=walks, lengths=LENGTHS if walks > 1 else LENGTHS[:2])


@pytest.mark.parametrize("name", list(OF_TEXT))
def test_random_answers_in_text(nano: Vocabulary, name: str) -> None:
    wish = constraint_class(name).parse(constraint_class(name).example)
    assert isinstance(wish, TextConstraint)
    pieces = piece_bytes(nano)
    automaton = PiecesAutomaton(wish.language(), pieces, nano.ending_ids, name)
    rng = random.Random(name)
    for budget in budgets(partial(automaton.start), rng, 10):
        *ids, last = random_walk(automaton, Bounds(budget), rng)
        assert last in nano.ending_ids
        wish.value(b"".join(pieces[id_] for id_ in ids).decode())


@pytest.mark.parametrize("number", range(4))
def test_random_answers_of_several_segments(nano: Vocabulary, number: int) -> None:
    fixed = FixedSegment(nano.encode_entity(bundled_component("ALA"), "molecule_smiles"))
    molecule, protein = (nano.automaton(out) for out in ("molecule_selfies", "protein_sequence"))
    places = [
        [Place(fixed)],
        [Place(fixed), Place(protein, (3, 9))],
        [Place(protein), Place(nano.automaton("protein_structure"), None, 0, same_length(nano))],
        [Place(nano.automaton("molecule_smiles"), 7), Place(molecule), Place(protein, 4)],
    ][number]
    automaton = SegmentsAutomaton(places)
    rng = random.Random(number)
    for budget in budgets(automaton.start, rng, 4):
        ids = random_walk(automaton, Bounds(budget), rng)
        assert [id_ for id_ in ids if id_ in {place.automaton.end_id for place in places}][-1] == ids[-1]
        assert sum(id_ == place.automaton.end_id for place in places for id_ in ids) >= len(places)


def test_a_kept_segment_is_written_as_it_is(nano: Vocabulary) -> None:
    ids = nano.encode_entity(bundled_component("ALA"), "molecule_selfies")
    automaton = FixedSegment(ids)
    assert explore(automaton, Bounds(len(ids) - 1)) == len(ids)
    with pytest.raises(ConfigurationError):
        automaton.start(Bounds(len(ids) - 2))


# In small: every state


@pytest.mark.parametrize("budget", [2, 3, 5, 6])
@pytest.mark.parametrize("length", [None, 1, 2, 3, (2, 4)])
@pytest.mark.parametrize("out", list(SMALL))
def test_every_state_of_each_modality(out: str, length: int | tuple[int, int] | None, budget: int) -> None:
    explore_if_possible(small(out)[1], Bounds(budget, length))


@pytest.mark.parametrize("budget", [3, 5, 7])
@pytest.mark.parametrize(
    ("name", "value", "out"),
    [
        ("elements", "C1-2,O<=1", "molecule_selfies"),
        ("atoms", "2", "molecule_selfies"),
        ("rings", "0", "molecule_selfies"),
        ("elements", "C2,O1", "molecule_structure"),
        ("graph", "CC", "molecule_selfies"),
        ("fixed", "2:K", "protein_sequence"),
        ("composition", "M<=1,no:X", "protein_sequence"),
        ("motif", "MK", "protein_sequence"),
        ("forbidden", "KK", "protein_sequence"),
        ("sequence", "MKM", "protein_sequence"),
        ("sequence", "MKM", "protein_structure"),
        ("unresolved", "1", "protein_structure"),
    ],
)
def test_every_state_under_each_constraint(name: str, value: str, out: str, budget: int) -> None:
    mine, automaton, ids = small(out)
    wish = constraint_class(name).parse(value)
    guide = wish.narrow(automaton, mine, ids)
    visited = [explore_if_possible(guide, Bounds(budget, length)) for length in (None, 2, 3, (1, 4))]
    assert budget < 5 or any(visited)


@pytest.mark.parametrize("text", ["C1=(O)", "c1n[H]", "CN(#)."])
def test_every_state_of_smiles(text: str) -> None:
    """Of the letters it needs to close what is begun, most are never taken here: the walk keeps to a few."""
    automaton, few = of_letters(text)
    for budget, length in ((4, None), (6, None), (6, 3), (7, (2, 3))):
        assert explore(Few(automaton, few), Bounds(budget, length), whole=False) > 1


# What the table is made of


class Few:
    """An automaton of which a walk takes a few ids where any of them may come, and all that may come where none may."""

    def __init__(self, automaton: Automaton, few: set[int]) -> None:
        self._automaton, self._few = automaton, few

    def __getattr__(self, name: str) -> Any:
        return getattr(self._automaton, name)

    def allowed(self, states: np.ndarray) -> list[np.ndarray]:
        (ranges,) = self._automaton.allowed(states)
        ids = [id_ for first, stop in ranges.tolist() for id_ in range(first, stop)]
        kept = [id_ for id_ in ids if id_ in self._few] or ids[:2]
        apart = [id_ for place, id_ in enumerate(kept) if place == 0 or kept[place - 1] != id_ - 1]
        ends = [id_ for place, id_ in enumerate(kept) if place + 1 == len(kept) or kept[place + 1] != id_ + 1]
        return [np.array([(first, last + 1) for first, last in zip(apart, ends, strict=True)]).reshape(-1, 2)]


@cache
def published(folder: Path) -> Vocabulary:
    symbols = list(modality("molecule_selfies").vocabulary())
    joint = [f"[{symbol[1:-1]} {code}]" for symbol in symbols[:22] for code in range(512)]
    joint += [f"[{symbol[1:-1]} -1]" for symbol in symbols if "Branch" in symbol or "Ring" in symbol]
    return Vocabulary.build(qwen3_tokenizer(folder), {"molecule_structure": joint}, default_modalities())


@cache
def of_letters(text: str) -> tuple[Automaton, set[int]]:
    letters = [chr(code) for code in range(33, 127)]
    mine = modality("molecule_smiles")
    spelling = dict(enumerate(letters))
    ids = SegmentIds(200, 201, {}, np.arange(len(letters), dtype=np.int64), {}, lambda: spelling)
    return mine.automaton(ids), {201, *(letters.index(letter) for letter in text)}


@cache
def small(out: str) -> tuple[Modality, Automaton, SegmentIds]:
    mine = modality(out)
    numbers = {token: 10 + 2 * place for place, token in enumerate(SMALL[out])}
    ids = SegmentIds(1, 2, numbers, np.arange(0, dtype=np.int64))
    return mine, mine.automaton(ids), ids


def explore_if_possible(automaton: Automaton, bounds: Bounds) -> int:
    """Return how many states there are; 0 where the bounds are refused, as they must be where nothing fits them."""
    try:
        automaton.start(bounds)
    except ConfigurationError:
        return 0
    return explore(automaton, bounds)


def narrowed(vocabulary: Vocabulary, name: str, out: str) -> Automaton:
    """Return a modality's automaton under a constraint of the value that its help shows."""
    cls: Any = constraint_class(name)
    wish = cls(bundled_protein(), 10, 25, 12) if name == "structure" else cls.parse(cls.example)
    narrow: Callable[..., Automaton] = wish.narrow
    return narrow(vocabulary.automaton(out), vocabulary.block(out).modality, vocabulary.segment_ids(out))


def check(
    vocabulary: Vocabulary,
    out: str,
    automaton: Automaton,
    walks: int,
    lengths: Sequence[int | tuple[int, int] | None] = LENGTHS,
) -> None:
    """Walk within budgets from the smallest on, for each length that can be asked; a scaffold comes before a length."""
    rng, started = random.Random(f"{out} {walks}"), 0
    for length in lengths:
        try:
            needed(automaton, length)
        except ConfigurationError:
            continue
        started += 1
        for budget in budgets(lambda bounds, asked=length: automaton.start(Bounds(bounds.budget, asked)), rng, walks):
            *ids, last = random_walk(automaton, Bounds(budget, length), rng)
            assert last == automaton.end_id
            within(vocabulary, out, ids, None if isinstance(automaton, ScaffoldAutomaton) else length)
    assert started


def within(vocabulary: Vocabulary, out: str, ids: list[int], length: int | tuple[int, int] | None) -> None:
    """Assert that a segment holds tokens of its modality alone, as many as asked, and is complete."""
    own, mine = vocabulary.segment_ids(out), vocabulary.block(out).modality
    assert np.isin(ids, own.plain_ids if mine.spelled_as_text else list(own.tokens.values())).all()
    tokens = [vocabulary.text([id_]) for id_ in ids]
    if mine.spelled_as_text:
        assert find_syntax_fault("".join(tokens)) is None, tokens
    if length is not None:
        least, most = (length, length) if isinstance(length, int) else length
        assert least <= mine.length(tokens) <= most, tokens


def budgets(start: Callable[[Bounds], Any], rng: random.Random, count: int) -> Iterator[int]:
    """Yield the smallest budget that is not refused, and others above it."""
    low, high = 0, 2_000
    while high - low > 1:
        middle = (low + high) // 2
        try:
            start(Bounds(middle))
            high = middle
        except ConfigurationError:
            low = middle
    yield high
    for _ in range(count):
        yield high + rng.choice((1, 2, 3, 5, 9, 17, 40))


def same_length(vocabulary: Vocabulary) -> Callable[[tuple[int, ...]], tuple[Automaton, int]]:
    return lambda inside: (vocabulary.automaton("protein_structure"), len(inside))
