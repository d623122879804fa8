"""Free text holds complete segments only, and each is what its modality's automaton allows."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.entities import Molecule, Protein
from biomatrix.entities.automaton import Bounds
from biomatrix.errors import ConfigurationError
from biomatrix.generation.text_automaton import TextAutomaton
from biomatrix.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def automaton(vocabulary: Vocabulary) -> TextAutomaton:
    return TextAutomaton.from_vocabulary(vocabulary)


def options_of(automaton: TextAutomaton, states: np.ndarray) -> np.ndarray:
    return np.concatenate([np.arange(*span) for span in automaton.allowed(states)[0]])


def walk(automaton: TextAutomaton, vocabulary: Vocabulary, budget: int, generator: np.random.Generator) -> list[int]:
    """Return a random answer that opens a segment in three steps of ten where it may."""
    starts = [vocabulary.start_id(name) for name in vocabulary.modalities]
    states = automaton.start(Bounds(budget))[None]
    ids: list[int] = []
    while len(ids) < budget and not automaton.finished(states)[0]:
        options = options_of(automaton, states)
        opening = np.intersect1d(options, starts)
        pool = opening if len(opening) and generator.random() < 0.3 else options
        ids.append(int(generator.choice(pool)))
        states = automaton.advance(states, np.array(ids[-1:]))
    return ids


def test_random_answers_hold_complete_segments_only(automaton: TextAutomaton, vocabulary: Vocabulary) -> None:
    generator, seen = np.random.default_rng(0), set()
    for _ in range(40):
        ids = walk(automaton, vocabulary, 40, generator)
        assert max(ids) < len(vocabulary)
        for segment in vocabulary.segments(ids):
            assert "not closed" not in str(segment.value)
            assert "outside" not in str(segment.value)
            seen.add(segment.modality)
            if segment.modality is not None:
                inside = set(ids[segment.start + 1 : segment.stop])
                assert inside <= set(vocabulary.automaton(segment.modality).ids.tolist())
    assert seen == {None, *vocabulary.modalities}


@pytest.mark.parametrize("name", ["molecule_selfies", "molecule_structure", "protein_sequence", "protein_structure"])
def test_random_segments_decode(vocabulary: Vocabulary, name: str) -> None:
    automaton, generator = vocabulary.automaton(name), np.random.default_rng(1)
    for _ in range(30):
        states = automaton.start(Bounds(50))[None]
        ids = [automaton.start_id]
        while not automaton.finished(states)[0]:
            options = np.concatenate([np.arange(*span) for span in automaton.allowed(states)[0]])
            ids.append(int(generator.choice(options)))
            states = automaton.advance(states, np.array(ids[-1:]))
        (value,) = vocabulary.decode(ids)
        # SELFIES spells a graph for any string; whether its charged atoms can exist is RDKit's to say.
        assert isinstance(value, Molecule | Protein) or value.reason.startswith("RDKit refuses")  # type: ignore[union-attr]


def test_a_segment_is_opened_only_where_answer_and_segment_can_be_closed(
    automaton: TextAutomaton, vocabulary: Vocabulary
) -> None:
    start = vocabulary.start_id("protein_sequence")
    for budget, may in ((3, False), (4, True)):  # start, one residue, end, and the token that ends the answer
        assert (start in options_of(automaton, automaton.start(Bounds(budget))[None])) is may


@pytest.mark.parametrize("name", ["protein_sequence", "protein_structure", "molecule_selfies", "molecule_structure"])
def test_the_longest_segment_leaves_room_for_the_end_of_the_answer(vocabulary: Vocabulary, name: str) -> None:
    automaton = TextAutomaton.from_vocabulary(vocabulary)
    budget, generator = 12, np.random.default_rng(3)
    states = automaton.advance(automaton.start(Bounds(budget))[None], np.array([vocabulary.start_id(name)]))
    for written in range(1, budget - 1):
        assert automaton.tokens_to_close(states)[0] <= budget - written
        options = options_of(automaton, states)
        longer = options[options != vocabulary.end_id(name)]
        states = automaton.advance(states, generator.choice(longer if len(longer) else options, 1))
    assert automaton.tokens_to_close(states).tolist() == [1]
    assert set(vocabulary.ending_ids) <= set(options_of(automaton, states).tolist())


def test_special_tokens_of_the_base_are_never_text(automaton: TextAutomaton, vocabulary: Vocabulary) -> None:
    options = set(options_of(automaton, automaton.start(Bounds(100))[None]).tolist())
    added = vocabulary.backend.get_added_tokens_decoder().items()
    special = {id_ for id_, token in added if token.special} - set(vocabulary.new_ids.tolist())
    assert special & options == set(vocabulary.ending_ids)
    assert options <= set(automaton.ids.tolist())


def test_a_batch_is_its_rows_and_equal_sets_are_one_object(automaton: TextAutomaton, vocabulary: Vocabulary) -> None:
    opened = [vocabulary.start_id(name) for name in ("protein_sequence", "molecule_structure")]
    plain = int(vocabulary.plain_ids[0])
    states = np.stack([automaton.start(Bounds(30))] * 4)
    states = automaton.advance(states, np.array([*opened, plain, vocabulary.ending_ids[0]]))
    together = automaton.allowed(states)
    for row, ranges in zip(states, together, strict=True):
        np.testing.assert_array_equal(ranges, automaton.allowed(row[None])[0])
    assert automaton.allowed(states)[2] is together[2]
    assert automaton.finished(states).tolist() == [False, False, False, True]
    assert automaton.tokens_to_close(states).tolist() == [3, 3, 1, 0]
    assert len(together[3]) == 0


def test_text_has_no_exact_length(automaton: TextAutomaton) -> None:
    with pytest.raises(ConfigurationError, match="no exact length"):
        automaton.start(Bounds(100, 5))
