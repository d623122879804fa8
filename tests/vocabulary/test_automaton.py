"""The automata of a vocabulary: what an encoder writes is allowed, nothing else is, and what they write decodes."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from transformers import PreTrainedTokenizerFast

from biomatrix.entities import Molecule, Protein, default_modality_names
from biomatrix.entities.automaton import Automaton, Bounds
from biomatrix.entities.protein.modalities.sequence import ProteinSequence
from biomatrix.entities.segment_ids import SegmentIds
from biomatrix.errors import VocabularyError
from biomatrix.vocabulary import Vocabulary

SMILES = ["CC(=O)Oc1ccccc1C(=O)O", "CC(=O)[O-].[Na+]", "C[C@H](N)C(=O)O"]
COUNTED = tuple(name for name in default_modality_names() if name != "molecule_smiles")


def options_of(automaton: Automaton, states: np.ndarray) -> np.ndarray:
    return np.concatenate([np.arange(*span) for span in automaton.allowed(states)[0]])


def follow(vocabulary: Vocabulary, name: str, ids: list[int]) -> None:
    """Follow a wrapped segment through the automaton, asserting every step is allowed."""
    automaton = vocabulary.automaton(name)
    assert (ids[0], ids[-1]) == (automaton.start_id, automaton.end_id)
    # a SMILES string is held to what surely closes in time, which takes more pieces than a tokenizer's own
    room = 2 * len(ids) + 40 if name == "molecule_smiles" else len(ids) - 1
    states = automaton.start(Bounds(room))[None]
    for id_ in ids[1:]:
        assert id_ in options_of(automaton, states)
        states = automaton.advance(states, np.array([id_]))
    assert automaton.finished(states).all()


def walk(automaton: Automaton, bounds: Bounds, seed: int) -> list[int]:
    generator = np.random.default_rng(seed)
    states = automaton.start(bounds)[None]
    ids: list[int] = []
    while not automaton.finished(states)[0]:
        ids.append(int(generator.choice(options_of(automaton, states))))
        states = automaton.advance(states, np.array(ids[-1:]))
    return ids


@pytest.mark.parametrize("smiles", SMILES)
@pytest.mark.parametrize("name", ["molecule_smiles", "molecule_selfies"])
def test_what_an_encoder_writes_is_allowed(vocabulary: Vocabulary, smiles: str, name: str) -> None:
    follow(vocabulary, name, vocabulary.encode_entity(Molecule.from_smiles(smiles), name))


def test_sequences_and_structures_are_allowed(vocabulary: Vocabulary) -> None:
    follow(vocabulary, "protein_sequence", vocabulary.encode(Protein("MKVX")))
    follow(vocabulary, "protein_structure", vocabulary.encode_tokens(["<S -1>", "<S 3>"], "protein_structure"))
    tokens = ["[C 0]", "[Branch1 -1]", "[C -1]", "[O 1]", "[N 2]"]
    follow(vocabulary, "molecule_structure", vocabulary.encode_tokens(tokens, "molecule_structure"))


@pytest.mark.parametrize("name", default_modality_names())
def test_only_the_modality_and_its_end_token_may_ever_come(vocabulary: Vocabulary, name: str) -> None:
    automaton = vocabulary.automaton(name)
    ids = vocabulary.segment_ids(name)
    if name == "molecule_smiles":  # of the base tokenizer's pieces those alone that SMILES is made of
        assert set(automaton.ids.tolist()) < {*ids.plain_ids.tolist(), automaton.end_id}
    else:
        assert automaton.ids.tolist() == sorted({*ids.tokens.values(), automaton.end_id})
    assert not vocabulary.padding_ids(len(vocabulary) + 50).min() <= automaton.ids.max()
    for seed in range(5):
        assert set(walk(automaton, Bounds(40), seed)) <= set(automaton.ids.tolist())


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize("length", [1, 7, 40])
def test_a_random_walk_has_the_exact_length(vocabulary: Vocabulary, name: str, length: int) -> None:
    modality = vocabulary.modality(name)
    for seed in range(10):
        ids = walk(vocabulary.automaton(name), Bounds(400, length), seed)
        assert modality.length([vocabulary.backend.id_to_token(id_) for id_ in ids[:-1]]) == length


def test_the_automaton_is_kept(vocabulary: Vocabulary) -> None:
    assert vocabulary.automaton("protein_sequence") is vocabulary.automaton("protein_sequence")


def test_an_unknown_modality_is_refused(vocabulary: Vocabulary) -> None:
    with pytest.raises(VocabularyError, match="does not hold 'dna'"):
        vocabulary.automaton("dna")


class Alternating:
    """M and K in turn, from M: an automaton of a modality's own. A row's state is (tokens written, 1 once closed)."""

    def __init__(self, ids: SegmentIds) -> None:
        self.start_id, self.end_id = ids.start_id, ids.end_id
        self._turns = [ids.tokens["<A M>"], ids.tokens["<A K>"]]
        self.ids = np.array(sorted([*self._turns, ids.end_id]), dtype=np.int64)

    def start(self, bounds: Bounds) -> np.ndarray:
        return np.zeros(2, dtype=np.int64)

    def allowed(self, states: np.ndarray) -> list[np.ndarray]:
        return [
            np.array([[i, i + 1] for i in sorted([self._turns[n % 2], self.end_id][: 1 + n])]) for n in states[:, 0]
        ]

    def advance(self, states: np.ndarray, ids: np.ndarray) -> np.ndarray:
        return np.stack([states[:, 0] + 1, (ids == self.end_id).astype(np.int64)], axis=1)

    def finished(self, states: np.ndarray) -> np.ndarray:
        return np.asarray(states[:, 1] == 1)

    def tokens_to_close(self, states: np.ndarray) -> np.ndarray:
        return np.where(states[:, 1] == 1, 0, np.where(states[:, 0] == 0, 2, 1))


class AlternatingSequence(ProteinSequence):
    """A modality that brings its own automaton."""

    name: ClassVar[str] = "protein_alternating"

    def automaton(self, ids: SegmentIds) -> Automaton:
        return Alternating(ids)


def test_a_modality_may_bring_its_own(base: PreTrainedTokenizerFast) -> None:
    vocabulary = Vocabulary.build(base, modalities=[AlternatingSequence()])
    automaton = vocabulary.automaton("protein_alternating")
    assert isinstance(automaton, Alternating)
    for seed in range(5):
        ids = walk(automaton, Bounds(30), seed)
        (value,) = vocabulary.decode([automaton.start_id, *ids])
        assert isinstance(value, Protein)
        assert value.sequence == ("MK" * 30)[: len(value)]
