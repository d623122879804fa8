"""The exported grammars, run by llguidance itself: it allows what our automata of the tables allow, token for token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.entities import Molecule, Protein, default_modalities
from biomatrix.entities.automaton import Automaton, Bounds
from biomatrix.entities.base_modality import Modality
from biomatrix.entities.composite import CompositeModality
from biomatrix.errors import ConfigurationError, VocabularyError
from biomatrix.generation.adapters.llguidance import lark_grammar
from biomatrix.vocabulary import Vocabulary, train_byte_bpe

from ...pair import registered_pairs
from ..conftest import JOINT, TEXTS
from .walks import allowed_ids, stepped

llguidance = pytest.importorskip("llguidance", reason="llguidance is not installed: biomatrix[constrain]")

AMPLE = 1 << 20
COUNTING = ("molecule_selfies", "molecule_structure", "protein_sequence", "protein_structure")
LENGTHS = (None, 1, 6, (2, 5), (3, None), (0, 4))


@pytest.fixture(scope="module")
def wide() -> Iterator[Vocabulary]:
    """The package's own modalities, and composites of them."""
    with registered_pairs():
        yield Vocabulary.build(train_byte_bpe(TEXTS, 400), {"molecule_structure": JOINT}, default_modalities())


class Matcher:
    """llguidance over a vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        text = vocabulary.backend.to_str()
        self.stops = vocabulary.ending_ids
        self.ends = [vocabulary.end_id(name) for name in vocabulary.modalities]
        self.tokenizer = llguidance.LLTokenizer(text, n_vocab=len(vocabulary), eos_token=self.stops)

    def start(self, grammar: str) -> Any:
        fault = llguidance.LLMatcher.validate_grammar(grammar, self.tokenizer)
        assert not fault, fault
        return llguidance.LLMatcher(self.tokenizer, grammar)

    def allowed(self, matcher: Any) -> NDArray[np.int64]:
        """Return the ids that may come next, those that end an answer aside."""
        bits = np.unpackbits(np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8), bitorder="little")
        assert not matcher.is_error(), matcher.get_error()
        return np.setdiff1d(np.flatnonzero(bits), self.stops)


@pytest.fixture(scope="module")
def matchers(wide: Vocabulary) -> Matcher:
    return Matcher(wide)


def table(vocabulary: Vocabulary, output: str) -> Automaton:
    """Return the automaton of the modality's table, whatever else the modality brings."""
    modality = vocabulary.block(output).modality
    if isinstance(modality, CompositeModality):
        return vocabulary.automaton(output)
    return Modality.automaton(modality, vocabulary.segment_ids(output))


def bounds(length: Any) -> Bounds:
    """Return bounds for the automaton; where a length has no upper end, one that no walk below reaches."""
    return Bounds(AMPLE, (length[0], 10_000) if isinstance(length, tuple) and length[1] is None else length)


def walk(
    automaton: Automaton, state: NDArray[Any], matchers: Matcher, matcher: Any, seed: int, most: int, exact: bool = True
) -> bool:
    """Compare every mask of a random walk, which ends what it may with a chance of a fifth; return whether it did."""
    draws = np.random.default_rng(seed)
    for _ in range(most):
        ours = allowed_ids(automaton, state)
        theirs = matchers.allowed(matcher)
        assert set(ours.tolist()) <= set(theirs.tolist())
        if exact:
            np.testing.assert_array_equal(theirs, ours)
        assert not matcher.is_accepting()
        ends = np.intersect1d(ours, matchers.ends)
        chosen = int(draws.choice(ends if len(ends) and draws.random() < 0.2 else ours))
        assert matcher.consume_token(chosen)
        state = stepped(automaton, state, chosen)
        if automaton.finished(state[None])[0]:
            assert matcher.is_accepting()
            assert matchers.allowed(matcher).size == 0
            return True
    return False


@pytest.mark.parametrize("length", LENGTHS, ids=str)
@pytest.mark.parametrize("output", COUNTING)
def test_masks_are_those_of_the_table(wide: Vocabulary, matchers: Matcher, output: str, length: Any) -> None:
    automaton = table(wide, output)
    state = automaton.start(bounds(length))
    grammar = lark_grammar(wide, output, length)
    ended = [walk(automaton, state, matchers, matchers.start(grammar), seed, 40) for seed in range(8)]
    assert any(ended)


def test_text_is_any_base_pieces(wide: Vocabulary, matchers: Matcher) -> None:
    automaton = table(wide, "molecule_smiles")
    grammar = lark_grammar(wide, "molecule_smiles")
    for seed in range(3):
        walk(automaton, automaton.start(Bounds(AMPLE)), matchers, matchers.start(grammar), seed, 30)


@pytest.mark.parametrize(("output", "length"), [("pair_structure", 5), ("pair_structure", None), ("pair_text", None)])
def test_parts_of_a_composite_nest(wide: Vocabulary, matchers: Matcher, output: str, length: int | None) -> None:
    automaton = table(wide, output)
    grammar = lark_grammar(wide, output, length)
    ended = [
        # the export knows tables alone: parts that track valences allow fewer ids than it does
        walk(
            automaton, automaton.start(Bounds(AMPLE, length)), matchers, matchers.start(grammar), seed, 80, exact=False
        )
        for seed in range(5)
    ]
    assert any(ended)


def test_what_the_encoders_write_is_accepted(wide: Vocabulary, matchers: Matcher) -> None:
    molecule, protein = Molecule.from_smiles("CC(=O)Oc1ccccc1C(=O)O"), Protein("MKVLAAGWTYHE")
    for entity, output in (
        (molecule, "molecule_selfies"),
        (molecule, "molecule_smiles"),
        (protein, "protein_sequence"),
    ):
        ids = wide.encode_entity(entity, output)
        matcher = matchers.start(lark_grammar(wide, output, opened=False))
        assert matcher.try_consume_tokens(ids) == len(ids)
        assert matcher.is_accepting()
    matcher = matchers.start(lark_grammar(wide, "protein_sequence", 11, opened=False))
    assert matcher.try_consume_tokens(wide.encode_entity(protein, "protein_sequence")) == 12


def test_a_long_count_is_kept_exactly(wide: Vocabulary, matchers: Matcher) -> None:
    matcher = matchers.start(lark_grammar(wide, "protein_sequence", 1000))
    residues = sorted(wide.segment_ids("protein_sequence").tokens.values())
    assert matcher.try_consume_tokens([residues[n % len(residues)] for n in range(1001)]) == 1000
    assert matchers.allowed(matcher).tolist() == [wide.end_id("protein_sequence")]


def test_a_length_that_cannot_be_is_refused(wide: Vocabulary) -> None:
    for length in (0, (5, 2), -1, 1 << 20):
        with pytest.raises(ConfigurationError):
            lark_grammar(wide, "protein_sequence", length)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="no length that is counted"):
        lark_grammar(wide, "molecule_smiles", 5)
    with pytest.raises(VocabularyError):
        lark_grammar(wide, "no_such_modality")
