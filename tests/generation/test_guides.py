"""Whatever is chosen among what a guide allows, the segment is valid, of the asked length, and closed in time."""

from __future__ import annotations

import numpy as np
import pytest
from biomatrix.generation.guides import SegmentGuide, TextGuide, closing_distances

from biomatrix.entities import Molecule, Protein
from biomatrix.errors import ConfigurationError
from biomatrix.vocabulary import Vocabulary

NAMES = ("molecule_smiles", "molecule_selfies", "molecule_structure", "protein_sequence", "protein_structure")
COUNTED = NAMES[1:]


def walk(guide: SegmentGuide, length: int | None, budget: int, seed: int) -> list[int]:
    generator = np.random.default_rng(seed)
    states = guide.start(length, budget)[None]
    ids: list[int] = []
    while not guide.finished(states)[0]:
        options = guide.ids[guide.allowed(states)[0]]
        ids.append(int(generator.choice(options)))
        states = guide.advance(states, np.array(ids[-1:]))
    return ids


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("budget", [6, 17, 60])
def test_a_random_walk_ends_within_its_budget(vocabulary: Vocabulary, name: str, budget: int) -> None:
    constraint = vocabulary.constraint(name)
    guide = SegmentGuide(constraint)
    for seed in range(20):
        ids = walk(guide, None, budget, seed)
        assert len(ids) <= budget
        assert ids[-1] == constraint.end_id
        state = constraint.start
        for id_ in ids[:-1]:
            state = constraint.next(state, id_)
        assert constraint.grammar.accepting[state]


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize("length", [1, 2, 7, 40])
def test_a_random_walk_has_the_exact_length(vocabulary: Vocabulary, name: str, length: int) -> None:
    guide = SegmentGuide(vocabulary.constraint(name), longest=40)
    modality = vocabulary.modality(name)
    for seed in range(10):
        ids = walk(guide, length, 400, seed)
        tokens = [vocabulary.backend.id_to_token(id_) for id_ in ids[:-1]]
        assert modality.length(tokens) == length


@pytest.mark.parametrize("name", COUNTED)
def test_random_walks_decode(vocabulary: Vocabulary, name: str) -> None:
    guide = SegmentGuide(vocabulary.constraint(name))
    for seed in range(30):
        (value,) = vocabulary.decode([vocabulary.start_id(name), *walk(guide, None, 50, seed)])
        # SELFIES spells a graph for any string; whether its charged atoms can exist is RDKit's to say.
        assert isinstance(value, Molecule | Protein) or value.reason.startswith("RDKit refuses")  # type: ignore[union-attr]


def test_padding_ids_are_no_candidates(vocabulary: Vocabulary) -> None:
    for name in NAMES:
        guide = SegmentGuide(vocabulary.constraint(name, len(vocabulary) + 50))
        assert guide.ids.max() < len(vocabulary)


def test_lengths_that_cannot_be_are_refused(vocabulary: Vocabulary) -> None:
    guide = SegmentGuide(vocabulary.constraint("protein_sequence"), longest=10)
    with pytest.raises(ConfigurationError, match="length of at least 1"):
        guide.start(0, 100)
    with pytest.raises(ConfigurationError, match="at least 11 tokens"):
        guide.start(10, 5)
    with pytest.raises(ConfigurationError, match="no exact length"):
        SegmentGuide(vocabulary.constraint("molecule_smiles"), longest=10).start(5, 100)


def test_free_text_holds_complete_segments_only(vocabulary: Vocabulary) -> None:
    rows = len(vocabulary) + 20
    tokens = vocabulary.mask(rows)
    tokens[vocabulary.new_ids] = False
    constraints = {name: vocabulary.constraint(name, rows) for name in vocabulary.modalities}
    stop = vocabulary.end_of_text_id
    assert stop is not None
    guide = TextGuide(constraints, tokens, [stop])
    starts = [vocabulary.start_id(name) for name in NAMES]
    generator = np.random.default_rng(0)
    for _ in range(40):
        states = guide.start(40)[None]
        ids: list[int] = []
        while len(ids) < 40 and not guide.finished(states)[0]:
            options = guide.ids[guide.allowed(states)[0]]
            opening = np.intersect1d(options, starts)
            pool = opening if len(opening) and generator.random() < 0.3 else options
            ids.append(int(generator.choice(pool)))
            states = guide.advance(states, np.array(ids[-1:]))
        assert max(ids) < len(vocabulary)
        opened = sum(id_ in starts for id_ in ids)
        closed = sum(id_ in [vocabulary.end_id(name) for name in NAMES] for id_ in ids)
        assert opened == closed


def test_closing_distances_of_a_small_grammar() -> None:
    transitions = np.array([[1, -1], [1, 2], [1, 1]])
    accepting, counted = np.array([False, True, False]), np.array([True, False])
    assert closing_distances(transitions, accepting, counted, None).tolist() == [1, 0, 1]
    table = closing_distances(transitions, accepting, counted, 2)
    assert table[0].tolist()[1:] == [0, 1]
    assert table[2].tolist() == [2, 2, 2]
