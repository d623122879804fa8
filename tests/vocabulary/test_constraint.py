"""A modality's grammar over ids: what an encoder writes is allowed, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.entities import Molecule, Protein, modality_names
from biomatrix.errors import VocabularyError
from biomatrix.vocabulary import Vocabulary

SMILES = ["CC(=O)Oc1ccccc1C(=O)O", "CC(=O)[O-].[Na+]", "C[C@H](N)C(=O)O"]


def walk(vocabulary: Vocabulary, name: str, ids: list[int]) -> None:
    """Follow a wrapped segment through the automaton, asserting every step is allowed."""
    constraint = vocabulary.constraint(name)
    assert ids[0] == constraint.start_id
    state = constraint.start
    for id_ in ids[1:-1]:
        assert constraint.allowed(state)[id_]
        state = constraint.next(state, id_)
    assert constraint.allowed(state)[ids[-1]]
    assert ids[-1] == constraint.end_id


@pytest.mark.parametrize("smiles", SMILES)
@pytest.mark.parametrize("name", ["molecule_smiles", "molecule_selfies"])
def test_what_an_encoder_writes_is_allowed(vocabulary: Vocabulary, smiles: str, name: str) -> None:
    walk(vocabulary, name, vocabulary.encode_entity(Molecule.from_smiles(smiles), name))


def test_sequences_and_structures_are_allowed(vocabulary: Vocabulary) -> None:
    walk(vocabulary, "protein_sequence", vocabulary.encode(Protein("MKVX")))
    walk(vocabulary, "protein_structure", vocabulary.encode_tokens(["<S -1>", "<S 3>"], "protein_structure"))
    tokens = ["[C 0]", "[Branch1 -1]", "[C -1]", "[O 1]"]
    walk(vocabulary, "molecule_structure", vocabulary.encode_tokens(tokens, "molecule_structure"))


@pytest.mark.parametrize("name", modality_names())
def test_masks_hold_only_the_modality(vocabulary: Vocabulary, name: str) -> None:
    rows = len(vocabulary) + 100
    constraint = vocabulary.constraint(name, rows)
    assert constraint.masks.shape == (constraint.num_states, rows)
    inside = np.zeros(rows, dtype=bool)
    inside[constraint.ids] = True
    inside[constraint.end_id] = True
    assert not constraint.masks[:, ~inside].any()
    assert not constraint.masks[:, len(vocabulary) :].any()
    assert not constraint.allowed(constraint.start)[constraint.end_id]
    for state in range(constraint.num_states):
        for id_ in constraint.ids[:: max(1, len(constraint.ids) // 50)]:
            allowed = bool(constraint.allowed(state)[id_])
            (following,) = constraint.next_states(np.array([state]), np.array([id_]))
            assert allowed == (following >= 0)


def test_smiles_are_written_in_base_pieces_alone(vocabulary: Vocabulary) -> None:
    constraint = vocabulary.constraint("molecule_smiles")
    np.testing.assert_array_equal(constraint.ids, vocabulary.plain_ids)
    assert not constraint.counted.any()


def test_residues_count_towards_a_length(vocabulary: Vocabulary) -> None:
    constraint = vocabulary.constraint("protein_structure")
    assert constraint.counted.sum() == len(vocabulary.block("protein_structure").tokens)
    assert constraint.span is not None
    assert not constraint.counted[constraint.end_id]


def test_a_wrong_step_is_refused(vocabulary: Vocabulary) -> None:
    constraint = vocabulary.constraint("protein_sequence")
    with pytest.raises(VocabularyError, match="may not come"):
        constraint.next(constraint.start, vocabulary.start_id("molecule_smiles"))
    states = constraint.next_states(np.array([0, -1]), np.array([constraint.end_id, int(constraint.ids[0])]))
    assert states.tolist() == [-1, -1]


def test_an_unknown_modality_is_refused(vocabulary: Vocabulary) -> None:
    with pytest.raises(VocabularyError, match="does not hold 'dna'"):
        vocabulary.constraint("dna")
