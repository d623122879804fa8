"""Free text: whatever the dice say, segments are closed, hold only their own tokens, and padding never comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from biomatrix.entities.automaton import Bounds, Ranges
from biomatrix.generation.text_automaton import TextAutomaton
from biomatrix.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def automaton(vocabulary: Vocabulary) -> TextAutomaton:
    return TextAutomaton.from_vocabulary(vocabulary)


def walk(automaton: Any, rows: int, budget: int, seed: int, opening: Sequence[int]) -> list[list[int]]:
    """Return random answers of one batch up to the budget; control tokens are likelier than other tokens."""
    generator = np.random.default_rng(seed)
    states = np.stack([automaton.start(Bounds(budget))] * rows)
    is_control = np.zeros(int(max(*opening, automaton.ids.max())) + 1, dtype=bool)
    is_control[list(opening)] = True
    written: list[list[int]] = [[] for _ in range(rows)]
    for _ in range(budget):
        ids = np.zeros(rows, dtype=np.int64)
        for row, ranges in enumerate(automaton.allowed(states)):
            if not len(ranges):
                ids[row] = written[row][-1]
                continue
            options = np.concatenate([np.arange(*span) for span in ranges])
            control = options[is_control[options]]
            ids[row] = generator.choice(control if len(control) and generator.random() < 0.3 else options)
            written[row].append(int(ids[row]))
        ended = automaton.finished(states)
        following = automaton.advance(states, ids)
        following[ended] = states[ended]
        states = following
    return written


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("budget", "rows"), [(1, 50), (4, 50), (9, 50), (60, 15), pytest.param(60, 100, marks=pytest.mark.exhaustive)]
)
def test_random_answers_are_balanced(
    automaton: TextAutomaton, vocabulary: Vocabulary, budget: int, rows: int, seed: int
) -> None:
    controls = [vocabulary.start_id(name) for name in vocabulary.modalities]
    controls += [vocabulary.end_id(name) for name in vocabulary.modalities]
    padding = set(vocabulary.padding_ids(len(vocabulary) + 64).tolist())
    opened = 0
    for ids in walk(automaton, rows, budget, seed, controls):
        assert len(ids) <= budget
        assert ids[-1] in vocabulary.ending_ids or len(ids) == budget
        assert not padding & set(ids)
        for segment in vocabulary.segments(ids):
            reason = getattr(segment.value, "reason", "")
            assert "not closed" not in reason
            assert "outside" not in reason
            assert "belong" not in reason
            opened += segment.modality is not None
    assert opened or budget < 9


class Remembers:
    """An automaton whose states are objects: M any number of times, then the end; it remembers what it wrote."""

    def __init__(self, start_id: int, token: int, end_id: int) -> None:
        self.start_id, self.token, self.end_id = start_id, token, end_id
        self.ids = np.array(sorted([token, end_id]), dtype=np.int64)

    def start(self, bounds: Bounds) -> np.ndarray:
        state = np.empty(2, dtype=object)
        state[0], state[1] = bounds.budget, ()
        return state

    def allowed(self, states: np.ndarray) -> list[Ranges]:
        both = [
            np.array([[id_, id_ + 1] for id_ in sorted(ids)]) for ids in ((self.token, self.end_id), (self.end_id,))
        ]
        return [both[budget < 2] for budget in states[:, 0]]

    def advance(self, states: np.ndarray, ids: np.ndarray) -> np.ndarray:
        following = states.copy()
        for row, id_ in enumerate(ids.tolist()):
            following[row, 0] -= 1
            following[row, 1] = (*states[row, 1], id_)
        return following

    def finished(self, states: np.ndarray) -> np.ndarray:
        return np.array([written[-1:] == (self.end_id,) for written in states[:, 1]])

    def tokens_to_close(self, states: np.ndarray) -> np.ndarray:
        return np.where(self.finished(states), 0, 1)


@pytest.mark.parametrize("seed", range(3))
def test_states_may_be_objects(vocabulary: Vocabulary, seed: int) -> None:
    """A modality whose automaton keeps more than numbers stands beside one that does not."""
    own = Remembers(
        vocabulary.start_id("molecule_selfies"), int(vocabulary.new_ids[3]), vocabulary.end_id("molecule_selfies")
    )
    automata = {"remembers": own, "protein_sequence": vocabulary.automaton("protein_sequence")}
    mixed = TextAutomaton(automata, vocabulary.plain_ids, vocabulary.ending_ids)
    both = [own.start_id, vocabulary.start_id("protein_sequence")]
    for ids in walk(mixed, 20, 25, seed, [*both, own.end_id, vocabulary.end_id("protein_sequence")]):
        assert ids.count(own.start_id) == ids.count(own.end_id)
        assert ids.count(both[1]) == ids.count(vocabulary.end_id("protein_sequence"))
        assert len(ids) <= 25
