"""Base pairs: exact there and back, balanced and far enough apart by their guide, and only between bases that pair."""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biomatrix import NucleicAcid
from biomatrix.entities.automaton import Bounds
from biomatrix.entities.constraints.positional import PositionalAutomaton
from biomatrix.entities.nucleic.modalities.codons import MrnaCodons
from biomatrix.entities.nucleic.modalities.paired_automaton import PairedAutomaton
from biomatrix.entities.nucleic.modalities.pairs import RnaPairs
from biomatrix.entities.nucleic.modalities.sequence import RnaSequence
from biomatrix.entities.nucleic.modalities.tied_letters import TiedLetters
from biomatrix.entities.nucleic.pairing import may_pair, pairing_table
from biomatrix.entities.segment_ids import SegmentIds
from biomatrix.errors import ConfigurationError, DecodeError, UnsupportedError

from ....walks import explore, needed, random_walk

SHAPES = "([{<", ")]}>"
Pairs = tuple[tuple[int, int], ...]


def read(brackets: str) -> Pairs:
    """Read dot-bracket apart from the package; ValueError where it is not balanced."""
    opened: dict[int, list[int]] = {level: [] for level in range(4)}
    pairs = []
    for place, mark in enumerate(brackets):
        if mark in SHAPES[0]:
            opened[SHAPES[0].index(mark)].append(place)
        elif mark in SHAPES[1]:
            if not opened[SHAPES[1].index(mark)]:
                raise ValueError(brackets)
            pairs.append((opened[SHAPES[1].index(mark)].pop(), place))
    if any(opened.values()):
        raise ValueError(brackets)
    return tuple(sorted(pairs))


def rna(brackets: str) -> NucleicAcid:
    return NucleicAcid("N" * len(brackets), "rna", pairs=read(brackets))


def shown(tokens: list[str]) -> str:
    return "".join(token[4] if token[4] == "." else SHAPES[token[4] == ")"][int(token[5:-1]) - 1] for token in tokens)


def random_pairs(rng: random.Random) -> NucleicAcid:
    """Return random stems, of which some cross."""
    length = rng.randint(1, 60)
    free, pairs = set(range(length)), list[tuple[int, int]]()
    for _ in range(rng.randint(0, 8)):
        first, second, size = rng.randrange(length), rng.randrange(length), rng.randint(1, 6)
        stem = [(first + step, second - step) for step in range(size)]
        if all(j - i > 3 and {i, j} <= free for i, j in stem):
            pairs += stem
            free -= {place for pair in stem for place in pair}
    return NucleicAcid("N" * length, "rna", pairs=tuple(pairs))


def test_ten_thousand_random_ones_come_back() -> None:
    rng, writer = random.Random(0), RnaPairs()
    paired = crossed = 0
    for _ in range(10_000):
        acid = random_pairs(rng)
        tokens = writer.encode(acid)
        assert writer.decode(tokens) == acid
        paired += bool(acid.pairs)
        crossed += "<2D (2>" in tokens
    assert paired > 4_000
    assert crossed > 400


def real_pairs(shared: Path) -> Iterator[tuple[NucleicAcid, str]]:
    for name in ("archiveii", "rna3db_2d"):
        with gzip.open(shared / "data" / "nucleic" / "rna2d" / f"{name}.csv.gz", "rt") as stream:
            for row in csv.DictReader(stream):
                try:
                    yield rna(row["structure"]), row["structure"]
                except ValueError:  # a partner lies in an unresolved part
                    continue


def test_a_thousand_real_ones_come_back_and_tight_hairpins_are_refused(shared: Path) -> None:
    real = list(real_pairs(shared))[::4]
    assert len(real) > 1_000
    strict, loose = RnaPairs(), RnaPairs(loop=0)
    for acid, brackets in real:
        assert loose.decode(loose.encode(acid)) == acid
        tightest = min((second - first - 1 for first, second in acid.pairs or ()), default=9)
        if tightest < 3:
            with pytest.raises(UnsupportedError, match="fewer than the 3 of a hairpin"):
                strict.encode(acid)
        elif not set(brackets) - set(".()"):
            assert shown(strict.encode(acid)) == brackets


def test_the_longest_of_crossing_stems_is_at_the_first_level() -> None:
    assert shown(RnaPairs().encode(rna("((..[[[[..))..]]]]"))) == "[[..((((..]]..))))"
    with pytest.raises(UnsupportedError, match="at 1 levels"):
        RnaPairs(levels=1).encode(rna("((..[[[[..))..]]]]"))


@pytest.mark.parametrize(
    ("brackets", "message", "position"),
    [("(...", "never closed", 0), ("...)", "closes nothing", 3), ("(..)", "too close to its partner at 0", 3)],
)
def test_brackets_that_are_no_pairs_are_refused(brackets: str, message: str, position: int) -> None:
    tokens = [{".": "<2D .>", "(": "<2D (1>", ")": "<2D )1>"}[mark] for mark in brackets]
    with pytest.raises(DecodeError, match=message) as caught:
        RnaPairs().decode(tokens)
    assert caught.value.position == position
    with pytest.raises(DecodeError, match="not a token of base pairs in 1 levels"):
        RnaPairs(levels=1).decode(["<2D (2>"])


@pytest.mark.parametrize("bounds", [Bounds(8), Bounds(9, 7), Bounds(8, (3, 6)), Bounds(7, (2, 99))])
def test_every_state_of_small_budgets_is_sound_and_every_structure_is_reached(
    bounds: Bounds, guide_of: Callable[..., Any]
) -> None:
    writer = RnaPairs(levels=2, loop=1)
    automaton, token_of = guide_of(writer)
    assert explore(automaton, bounds) > 20
    reached: set[tuple[str, ...]] = set()
    pending: list[tuple[Any, tuple[str, ...]]] = [(automaton.start(bounds)[None], ())]
    while pending:
        states, word = pending.pop()
        for first, stop in automaton.allowed(states)[0].tolist():
            for id_ in range(first, stop):
                if id_ == automaton.end_id:
                    reached.add(word)
                else:
                    pending.append((automaton.advance(states, np.array([id_])), (*word, token_of[id_])))
    least, most = bounds.range or (1, bounds.budget)
    longest = min(most, bounds.budget - 1)
    expected: set[tuple[str, ...]] = set()
    words: list[tuple[str, ...]] = [()]
    for length in range(1, longest + 1):
        words = [(*word, token) for word in words for token in writer.vocabulary() if _opens(word, token, longest)]
        expected |= {word for word in words if max(least, 1) <= length and _is_sound(writer, word)}
    assert reached == expected


def _opens(word: tuple[str, ...], token: str, longest: int) -> bool:
    """Return whether a word may still become a structure, so far as numbers of brackets tell."""
    marks = [each[4] for each in (*word, token)]
    left = marks.count("(") - marks.count(")")
    return 0 <= left <= longest - len(marks)


def _is_sound(writer: RnaPairs, word: tuple[str, ...]) -> bool:
    try:
        writer.decode(word)
    except DecodeError:
        return False
    return True


@pytest.mark.parametrize("length", [None, 1, 30, (5, 12)])
def test_random_walks_are_balanced_of_the_length_and_within_the_budget(
    length: Any, guide_of: Callable[..., Any]
) -> None:
    writer = RnaPairs()
    automaton, token_of = guide_of(writer)
    rng, least = random.Random(3), needed(automaton, length)
    paired = 0
    for budget in (least, least + 4, 50):
        for _ in range(8):
            ids = random_walk(automaton, Bounds(max(budget, least), length), rng)
            acid = writer.decode([token_of[id_] for id_ in ids[:-1]])
            paired += len(acid.pairs or ())
            if length is not None:
                low, high = (length, length) if isinstance(length, int) else length
                assert low <= len(acid) <= high
    assert paired or length == 1
    with pytest.raises(ConfigurationError, match="at least 11 tokens"):
        automaton.start(Bounds(10, 10))


def test_letters_that_may_pair() -> None:
    table = pairing_table()
    assert (table == table.T).all()
    assert [may_pair(*pair) for pair in ("GC", "AU", "GU", "NN", "RY", "IC", "IA")] == [True] * 7
    assert [may_pair(*pair) for pair in ("AC", "AG", "UU", "CU", "IG", "II", "YY")] == [False] * 7


@pytest.mark.parametrize("levels", [1, 3])
def test_pairs_beside_a_sequence_pair_only_what_can(levels: int, guide_of: Callable[..., Any]) -> None:
    rng, letters, pairs = random.Random(levels), RnaSequence(), RnaPairs(levels=levels)
    free, token_of = guide_of(pairs)
    table, letter_of = guide_of(letters)
    found = 0
    for _ in range(25):
        sequence = "".join(rng.choices("ACGUNI", [6, 6, 6, 6, 1, 1], k=rng.randint(1, 60)))
        guide, length = pairs.bound_by(free, letters.encode(NucleicAcid(sequence, "rna")), letters)
        assert isinstance(guide, PairedAutomaton)
        assert length == len(sequence)
        ids = random_walk(guide, Bounds(length + 1, length), rng)
        tokens = [token_of[id_] for id_ in ids[:-1]]
        acid = pairs.decode(tokens)
        assert len(acid) == length
        assert all(may_pair(sequence[first], sequence[second]) for first, second in acid.pairs or ())
        found += len(acid.pairs or ())
        # And the other way round: letters for pairs that are known.
        tied, length = letters.bound_by(table, tokens, pairs)
        ids = random_walk(tied, Bounds(length + 1, length), rng)
        written = letters.decode([letter_of[id_] for id_ in ids[:-1]]).sequence
        assert len(written) == length
        assert all(may_pair(written[first], written[second]) for first, second in acid.pairs or ())
    assert found > 50


def test_of_one_level_every_structure_of_a_sequence_is_reached(guide_of: Callable[..., Any]) -> None:
    sequence, writer = "GGUAACCA", RnaPairs(levels=1, loop=2)
    free, token_of = guide_of(writer)
    guide = PairedAutomaton(free, sequence)
    assert explore(guide, Bounds(9)) > 20
    reached: set[Pairs] = set()
    pending: list[tuple[Any, list[str]]] = [(guide.start(Bounds(9))[None], [])]
    while pending:
        states, word = pending.pop()
        for first, stop in guide.allowed(states)[0].tolist():
            for id_ in range(first, stop):
                if id_ == guide.end_id:
                    reached.add(writer.decode(word).pairs or ())
                else:
                    pending.append((guide.advance(states, np.array([id_])), [*word, token_of[id_]]))
    assert reached == set(_structures(sequence, 0, len(sequence), 2))


def _structures(sequence: str, start: int, stop: int, loop: int) -> Iterator[Pairs]:
    """Yield all nested structures of a stretch."""
    if start >= stop:
        yield ()
        return
    yield from _structures(sequence, start + 1, stop, loop)
    for partner in range(start + loop + 1, stop):
        if may_pair(sequence[start], sequence[partner]):
            for inside in _structures(sequence, start + 1, partner, loop):
                for behind in _structures(sequence, partner + 1, stop, loop):
                    yield tuple(sorted(((start, partner), *inside, *behind)))


def test_lengths_other_than_the_sequence_are_refused(guide_of: Callable[..., Any]) -> None:
    pairs, letters = RnaPairs(), RnaSequence()
    free, _ = guide_of(pairs)
    for guide in (PairedAutomaton(free, "GAAAC"), TiedLetters(guide_of(letters)[0], ((0, 4),), 5)):
        with pytest.raises(ConfigurationError, match="of 5 bases"):
            guide.start(Bounds(10, 4))
        with pytest.raises(ConfigurationError, match="6 tokens"):
            guide.start(Bounds(5))
    narrowed = PositionalAutomaton.over(*_table())
    with pytest.raises(ConfigurationError, match="ask for rna_sequence first"):
        letters.bound_by(narrowed, pairs.encode(rna("(...)")), pairs)
    assert letters.bound_by(narrowed, pairs.encode(rna(".....")), pairs) == (narrowed, 5)
    mrna = MrnaCodons()
    bound, length = pairs.bound_by(free, mrna.split("<utr G><codon AAA><utr C>"), mrna)
    assert isinstance(bound, PairedAutomaton)
    assert length == 5
    one = letters.automaton(SegmentIds(1, 2, {"<rna A>": 4}, None))  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="no two letters"):
        letters.bound_by(one, pairs.encode(rna("(...)")), pairs)


def _table() -> tuple[Any, RnaSequence, SegmentIds]:
    writer = RnaSequence()
    ids = SegmentIds(1, 2, {token: 4 + n for n, token in enumerate(writer.vocabulary())}, np.array([3]))
    return writer.automaton(ids), writer, ids


def test_settings_are_checked_and_circles_are_told() -> None:
    with pytest.raises(ConfigurationError, match="1 to 30 levels"):
        RnaPairs(levels=31)
    with pytest.raises(ConfigurationError, match="a loop"):
        RnaPairs(loop=-1)
    ring = NucleicAcid("GAAAC", "rna", circular=True, pairs=((0, 4),))
    assert "circular" in RnaPairs().losses(ring)[0]
    assert RnaPairs().accepts(ring)
    assert not RnaPairs().accepts(NucleicAcid("GAAAC", "rna"))
    with pytest.raises(UnsupportedError, match="not known"):
        RnaPairs().encode(NucleicAcid("GAAAC", "rna"))
