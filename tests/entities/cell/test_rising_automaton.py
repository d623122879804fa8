"""The automaton of regions: what it allows rises, fits its bounds, never ends in a dead end, and decodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from biomatrix.entities import modality
from biomatrix.entities.automaton import Automaton, Bounds
from biomatrix.entities.cell.entity import Cell
from biomatrix.entities.cell.modalities.accessibility import CellAccessibility
from biomatrix.entities.cell.region_list import RegionList
from biomatrix.entities.cell.regions import Regions
from biomatrix.entities.cell.rising_automaton import RegionIds, RisingAutomaton, Tiles
from biomatrix.entities.segment_ids import SegmentIds
from biomatrix.errors import ConfigurationError

START, END = 5, 6


def guide(mine: CellAccessibility, seed: int | None = None) -> tuple[Automaton, dict[int, str]]:
    """Return the automaton of a modality over ids in the order of its tokens, or in a random order."""
    ids = np.arange(10, 10 + len(mine.vocabulary()))
    if seed is not None:
        np.random.default_rng(seed).shuffle(ids)
    tokens = dict(zip(mine.vocabulary(), ids.tolist(), strict=True))
    made = mine.automaton(SegmentIds(START, END, tokens, np.arange(4)))
    return made, {id_: token for token, id_ in tokens.items()}


def walks(made: Automaton, bounds: Bounds, rows: int, seed: int, ends: float = 0.1) -> list[list[int]]:
    """Return random walks, all at once; a row ends by itself with a chance where it may."""
    rng = np.random.default_rng(seed)
    states = np.stack([made.start(bounds)] * rows)
    written: list[list[int]] = [[] for _ in range(rows)]
    while not made.finished(states).all():
        running = np.flatnonzero(~made.finished(states))
        before = made.tokens_to_close(states[running])
        picks = []
        for ranges in made.allowed(states[running]):
            assert len(ranges), "a dead end"
            options = np.concatenate([np.arange(*span) for span in ranges])
            others = options[options != END]
            ending = END in options and (not len(others) or rng.random() < ends)
            picks.append(END if ending else int(rng.choice(others)))
        states[running] = made.advance(states[running], np.array(picks))
        assert (made.tokens_to_close(states[running]) >= before - 1).all()
        for row, id_ in zip(running, picks, strict=True):
            written[row].append(id_)
    return written


def _cell(regions: Regions) -> Cell:
    return Cell(np.empty(0, dtype=object), np.empty(0, dtype=np.float32), regions=regions)


def small_list(count: int = 30) -> RegionList:
    start = np.arange(count, dtype=np.int64) * 1000
    ones = np.ones(count, dtype=np.float32)
    regions = Regions("hg38", np.zeros(count, dtype=np.int16), start, start + 300, ones)
    return RegionList(regions, np.full(count, "", dtype=object))


SETTINGS: list[dict[str, Any]] = [
    {},
    {"levels": True},
    {"locus": "chr2:700,000-1,400,000"},
    {"regions": small_list()},
    {"regions": small_list(), "levels": True, "locus": "chr1:5,000-20,000"},
]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("length", [None, 1, 7, (3, 9)])
def test_random_walks_decode_keep_their_length_and_their_budget(
    settings: dict[str, Any], length: int | tuple[int, int] | None
) -> None:
    mine = CellAccessibility(**settings)
    for seed, budget in ((0, 60), (1, 33)):
        made, token_of = guide(mine, seed or None)
        for ids in walks(made, Bounds(budget, length), rows=40, seed=seed):
            assert ids[-1] == END
            assert len(ids) <= budget
            tokens = [token_of[id_] for id_ in ids[:-1]]
            cell = mine.decode(tokens)
            assert mine.encode(cell) == tokens
            least, most = (length, length) if isinstance(length, int) else length or (1, budget)
            assert least <= mine.length(tokens) <= most


def test_everything_an_encoder_writes_is_allowed() -> None:
    mine = CellAccessibility(levels=True)
    made, token_of = guide(mine)
    id_of = {token: id_ for id_, token in token_of.items()}
    rng = np.random.default_rng(3)
    for _ in range(20):
        chromosome = np.sort(rng.integers(0, 25, 40)).astype(np.int16)
        start = np.sort(rng.integers(0, 16_000, 40))
        count = rng.integers(1, 12, 40).astype(np.float32)
        cell = mine.decode(mine.encode(_cell(Regions("hg38", chromosome, start, start + 501, count))))
        state = made.start(Bounds(400))[None]
        for token in [*mine.encode(cell), ""]:
            id_ = id_of.get(token, END)
            assert any(first <= id_ < last for first, last in made.allowed(state)[0])
            state = made.advance(state, np.array([id_]))
        assert made.finished(state)[0]


def test_short_spaces_are_searched_whole() -> None:
    """Of two small chromosomes, exactly the rising lists that fit are reached."""
    tiles = Tiles(*(np.array(part) for part in ([0, 0, 1], [0, 1, 0], [0, 0, 1], [1, 0, 1])))
    made = RisingAutomaton(
        "small",
        0,
        1,
        RegionIds(np.array([10, 11]), np.array([20, 21]), np.array([30, 31]), np.empty(0, np.int64)),
        tiles,
    )
    reached, pending = set(), [(made.start(Bounds(9))[None], ())]
    while pending:
        state, ids = pending.pop()
        if made.finished(state)[0]:
            reached.add(ids[:-1])
            continue
        for first, last in made.allowed(state)[0]:
            pending += [(made.advance(state, np.array([id_])), (*ids, id_)) for id_ in range(first, last)]  # type: ignore[misc]
    bins = [(10, 20, 30), (10, 20, 31), (10, 21, 30), (11, 20, 31)]
    expected = set()
    for mask in range(1, 16):
        written: list[int] = []
        head: tuple[int, ...] = ()
        for chromosome, tile, bin_ in (one for at, one in enumerate(bins) if mask >> at & 1):
            written += [chromosome] if head[:1] != (chromosome,) else []
            written += [tile] if head != (chromosome, tile) else []
            written.append(bin_)
            head = (chromosome, tile)
        if len(written) + 1 <= 9:
            expected.add(tuple(written))
    assert reached == expected


def test_what_cannot_fit_is_refused_at_the_start() -> None:
    made, _ = guide(CellAccessibility())
    with pytest.raises(ConfigurationError, match="needs at least 4 tokens, but only 3"):
        made.start(Bounds(3))
    with pytest.raises(ConfigurationError, match="no cell_accessibility segment has length 0"):
        made.start(Bounds(30, 0))
    with pytest.raises(ConfigurationError, match="needs at least 1006 tokens"):  # two tiles of one chromosome
        made.start(Bounds(1000, 1002))
    few, _ = guide(CellAccessibility(regions=small_list()))
    with pytest.raises(ConfigurationError, match="has 30 regions to write, fewer than 31"):
        few.start(Bounds(99, 31))


def test_equal_sets_are_one_object_and_the_vocabulary_finds_the_automaton() -> None:
    made, _ = guide(modality("cell_accessibility"))  # type: ignore[arg-type]
    state = made.start(Bounds(50))
    first, second = made.allowed(np.stack([state, state]))
    assert first is second
