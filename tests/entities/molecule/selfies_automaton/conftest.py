"""Vocabularies of chosen symbols with shuffled ids, walks through their automata, and what the symbols spell."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pytest

from biomatrix.entities import modality
from biomatrix.entities.automaton import Automaton, Bounds
from biomatrix.entities.base_modality import Modality
from biomatrix.entities.molecule.modalities.structure import split_joint
from biomatrix.entities.molecule.selfies import atom_mask, index_symbols_after, read_symbols
from biomatrix.entities.molecule.selfies.rules import INDEX_SYMBOLS
from biomatrix.entities.molecule.selfies_automaton.roles import ATOM, CLOSES, role_of
from biomatrix.entities.segment_ids import SegmentIds


class Language:
    """A modality over chosen symbols."""

    def __init__(self, name: str, symbols: Iterable[str], codes: int = 3, seed: int = 0) -> None:
        self.modality: Modality = modality(name)
        tokens = [".", *symbols] if name == "molecule_selfies" else joint_tokens(symbols, codes)
        numbers = list(range(100, 100 + len(tokens)))
        random.Random(seed).shuffle(numbers)
        self.ids = SegmentIds(1, 2, dict(zip(tokens, numbers, strict=True)), np.empty(0, dtype=np.int64))
        self.tokens = {id_: token for token, id_ in self.ids.tokens.items()}
        self.automaton: Automaton = self.modality.automaton(self.ids)

    def symbols(self, tokens: Iterable[str]) -> list[str]:
        """Return the SELFIES symbols of tokens."""
        if self.modality.name == "molecule_selfies":
            return list(tokens)
        return [part[0] for part in map(split_joint, tokens) if part is not None]

    def options(self, states: np.ndarray) -> list[int]:
        """Return the ids allowed to the first row."""
        return [int(id_) for start, stop in self.automaton.allowed(states)[0] for id_ in range(start, stop)]

    def walk(self, bounds: Bounds, seed: int, stop: float = 0.0) -> list[str]:
        """Return the tokens of a random walk, each class of symbol as likely as any, checked at every step."""
        generator, automaton = random.Random(seed), self.automaton
        states = automaton.start(bounds)[None]
        tokens: list[str] = []
        left = bounds.budget
        while not automaton.finished(states)[0]:
            least = int(automaton.tokens_to_close(states)[0])
            assert 0 < least <= left
            options = self.options(states)
            assert options, f"dead end after {tokens}"
            id_ = 2 if 2 in options and generator.random() < stop else generator.choice(options)
            states = automaton.advance(states, np.array([id_]))
            left -= 1
            if id_ != 2:
                tokens.append(self.tokens[id_])
        assert automaton.tokens_to_close(states).tolist() == [0]
        return tokens

    def accepts(self, tokens: Sequence[str], length: int | None = None) -> bool:
        """Return whether every token, and the end after the last, is allowed, within exactly its tokens."""
        states = self.automaton.start(Bounds(len(tokens) + 1, length))[None]
        for id_ in [*(self.ids.tokens[token] for token in tokens), 2]:
            if not any(start <= id_ < stop for start, stop in self.automaton.allowed(states)[0]):
                return False
            states = self.automaton.advance(states, np.array([id_]))
        return bool(self.automaton.finished(states)[0])


def joint_tokens(symbols: Iterable[str], codes: int) -> list[str]:
    """Return joint tokens: atoms with codes; branches, rings and indices with -1; the dot."""
    tokens = ["."]
    for symbol in symbols:
        kind = role_of(symbol).kind
        tokens += [f"{symbol[:-1]} {code}]" for code in range(codes if kind == ATOM else 0)]
        if index_symbols_after(symbol) or symbol in INDEX_SYMBOLS:
            tokens.append(f"{symbol[:-1]} -1]")
    return tokens


def check_every_symbol_counts(symbols: Sequence[str]) -> int:
    """Assert that every atom is derived and every bond made, by the order written; return the number of atoms."""
    graph = read_symbols(symbols)
    assert len(graph.places) == int(atom_mask(symbols).sum())
    orders = rings = position = 0
    begins, fragments = True, 1
    while position < len(symbols):
        symbol = symbols[position]
        position += 1 + index_symbols_after(symbol)
        if symbol == ".":
            begins, fragments = True, fragments + 1
            continue
        role = role_of(symbol)
        rings += role.kind == CLOSES
        orders += role.order if role.kind == CLOSES or (role.kind == ATOM and not begins) else 0
        begins = False
    assert len(graph.bonds) == len(graph.places) - fragments + rings
    assert int(graph.orders.sum()) == orders
    return len(graph.places)


@pytest.fixture(scope="session")
def language() -> Callable[..., Language]:
    """Make a :class:`Language`."""
    return Language


@pytest.fixture(scope="session")
def every_symbol_counts() -> Callable[[Sequence[str]], int]:
    """The check of the same name."""
    return check_every_symbol_counts
