"""Grammars: what an encoder writes is accepted, and what is accepted decodes or is refused with a place."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest

from biomatrix.entities import Entity, Modality, Molecule, Protein, modality
from biomatrix.errors import BioMatrixError, DecodeError

CONSTRAINED = ("molecule_selfies", "molecule_structure", "protein_sequence", "protein_structure")


def accepts(mine: Modality, tokens: list[str]) -> bool:
    grammar = mine.grammar()
    assert grammar is not None
    state = grammar.start
    for token in tokens:
        state = int(grammar.transitions[state, mine.token_class(token)])
        if state < 0:
            return False
    return bool(grammar.accepting[state])


def draw(mine: Modality, alphabet: list[str], rng: random.Random, most: int) -> list[str]:
    """Return a random accepted token list: each next token among those the grammar allows."""
    grammar = mine.grammar()
    assert grammar is not None
    by_class: dict[int, list[str]] = {}
    for token in alphabet:
        by_class.setdefault(mine.token_class(token), []).append(token)
    tokens: list[str] = []
    state, wanted = grammar.start, rng.randint(1, most)
    while len(tokens) < wanted or not grammar.accepting[state]:
        allowed = [kind for kind in by_class if grammar.transitions[state, kind] >= 0]
        kind = rng.choice(allowed)
        tokens.append(rng.choice(by_class[kind]))
        state = int(grammar.transitions[state, kind])
    return tokens


def alphabet_of(mine: Modality) -> list[str]:
    alphabet = [*mine.vocabulary(), *mine.text_tokens]
    if mine.name == "molecule_structure":
        codes = random.Random(0).choices(range(mine.tokenizer.num_codes), k=12)  # type: ignore[attr-defined]
        symbols = [s for s in modality("molecule_selfies").vocabulary() if "Branch" not in s and "Ring" not in s]
        alphabet += [f"{symbol[:-1]} {code}]" for symbol in symbols for code in codes]
    return alphabet


@pytest.mark.parametrize("name", CONSTRAINED)
def test_a_grammar_is_a_consistent_automaton(name: str) -> None:
    grammar = modality(name).grammar()
    assert grammar is not None
    states, classes = grammar.transitions.shape
    assert grammar.transitions.dtype == np.int16
    assert grammar.accepting.shape == (states,)
    assert grammar.counted.shape == (classes,)
    assert grammar.transitions.max() < states
    assert grammar.transitions.min() >= -1
    assert (grammar.transitions >= 0).any(axis=1).all(), "a state without a way on"
    assert not grammar.accepting[grammar.start], "an empty segment is no entity"
    assert all(0 <= modality(name).token_class(token) < classes for token in modality(name).vocabulary())


def test_smiles_is_free() -> None:
    assert modality("molecule_smiles").grammar() is None


@pytest.mark.parametrize("name", CONSTRAINED)
def test_whatever_is_encoded_is_accepted_and_counted(
    name: str,
    bundled_molecules: list[Molecule],
    embedded_molecules: list[Molecule],
    make_helix: Callable[..., Protein],
) -> None:
    mine = modality(name)
    entities: list[Entity] = [make_helix(30, seed) for seed in range(5)]
    if mine.kind == "molecule":
        entities = list(embedded_molecules if mine.name == "molecule_structure" else bundled_molecules)
    grammar = mine.grammar()
    assert grammar is not None
    encoded = [tokens for tokens in mine.encode_each(entities) if not isinstance(tokens, BioMatrixError)]
    assert len(encoded) >= 0.9 * len(entities)
    for tokens in encoded:
        assert accepts(mine, tokens)
        assert mine.length(tokens) == sum(bool(grammar.counted[mine.token_class(token)]) for token in tokens)


@pytest.mark.parametrize("name", CONSTRAINED)
def test_random_accepted_strings_decode_or_are_refused_with_a_place(name: str) -> None:
    mine, rng = modality(name), random.Random(17)
    alphabet = alphabet_of(mine)
    sequences = [draw(mine, alphabet, rng, 25) for _ in range(400)]
    decoded = mine.decode_each(sequences)
    for tokens, entity in zip(sequences, decoded, strict=True):
        assert accepts(mine, tokens)
        if isinstance(entity, BioMatrixError):
            assert isinstance(entity, DecodeError)
        else:
            assert isinstance(entity, Molecule | Protein)
    assert sum(not isinstance(entity, BioMatrixError) for entity in decoded) > 40
