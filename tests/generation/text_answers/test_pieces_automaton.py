"""Every spelling of every string is allowed, nothing else, and nothing ends dead."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from biomatrix.entities.automaton import Bounds
from biomatrix.errors import ConfigurationError
from biomatrix.generation import Model
from biomatrix.generation.text_answers.choices import Choices, YesNo
from biomatrix.generation.text_answers.formula import MolecularFormula
from biomatrix.generation.text_answers.language import Words
from biomatrix.generation.text_answers.numbers import Number
from biomatrix.generation.text_answers.pieces import byte_letters, piece_bytes
from biomatrix.generation.text_answers.pieces_automaton import PiecesAutomaton
from biomatrix.vocabulary import Vocabulary

PIECES = {10: b"a", 11: b"b", 12: b"ab", 13: b"ba", 14: b"aba", 15: b"c", 16: b"bc", 17: b"x", 18: b"ab"}
STOPS = [30, 31]
WORDS = ["ab", "aba", "abac", "bb", "cab"]


def spellings(word: bytes) -> set[tuple[int, ...]]:
    """Return every way to cut a string into the pieces."""
    if not word:
        return {()}
    return {
        (id_, *rest)
        for id_, piece in PIECES.items()
        if word.startswith(piece)
        for rest in spellings(word[len(piece) :])
    }


def every_answer(guide: PiecesAutomaton, budget: int) -> set[tuple[int, ...]]:
    found, pending = set(), [(guide.start(Bounds(budget))[None], ())]
    while pending:
        states, ids = pending.pop()
        if guide.finished(states)[0]:
            assert len(ids) <= budget
            found.add(ids)
            continue
        options = [id_ for span in guide.allowed(states)[0] for id_ in range(*span)]
        assert options, ids
        assert set(options) <= set(guide.ids.tolist())
        for id_ in options:
            pending.append((guide.advance(states, np.array([id_])), (*ids, id_)))  # type: ignore[arg-type]
    return found


def test_every_spelling_of_every_word_is_allowed() -> None:
    guide = PiecesAutomaton(Words(WORDS), PIECES, STOPS, "words")
    expected = {(*cut, stop) for word in WORDS for cut in spellings(word.encode()) for stop in STOPS}
    assert every_answer(guide, 20) == expected
    assert 17 not in guide.ids


@pytest.mark.parametrize("budget", [3, 4, 5])
def test_small_budgets_are_kept(budget: int) -> None:
    guide = PiecesAutomaton(Words(WORDS), PIECES, STOPS, "words")
    answers = every_answer(guide, budget)
    assert answers <= every_answer(guide, 20)
    assert {ids for ids in answers if len(ids) == budget}
    with pytest.raises(ConfigurationError, match="words needs up to 3 tokens"):
        guide.start(Bounds(2))


def test_a_byte_without_a_piece_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no pieces for the bytes b'z'"):
        PiecesAutomaton(Words(["az"]), PIECES, STOPS, "words")
    with pytest.raises(ConfigurationError, match="a token that ends"):
        PiecesAutomaton(Words(["a"]), PIECES, [], "words")


def test_pieces_are_bytes(vocabulary: Vocabulary) -> None:
    pieces = piece_bytes(vocabulary)
    for text in ("Describe the molecule.", "naïve Å 分子"):
        ids = vocabulary.encode_text(text)
        assert b"".join(pieces[id_] for id_ in ids) == text.encode()
    assert sorted(byte_letters().values()) == list(range(256))


@pytest.mark.parametrize(
    ("wish", "kind"),
    [(Number(-5, 5, 2, "eV"), float), (Number(0, 300), float), (YesNo(), bool), (Choices(["toxic", "not toxic"]), str),
     (MolecularFormula(), str)],
)  # fmt: skip
def test_answers_are_what_was_asked_for(model: Model, wish: object, kind: type) -> None:
    answers = model.generate("How many?", constraints=[wish], num_samples=25, max_new_tokens=30)  # type: ignore[list-item]
    for answer in answers:
        assert answer.error is None
        assert isinstance(answer.value, kind)
        assert answer.value == wish.value(answer.text)  # type: ignore[attr-defined]
        assert answer.finish_reason == "stop"
        assert answer.token_ids[-1] in model.vocabulary.ending_ids
        assert answer.refused == ()


def test_unguided_text_says_when_it_is_no_such_answer(model: Model) -> None:
    for answer in model.generate("How many?", constraints=[YesNo()], guided=False, num_samples=4, max_new_tokens=9):
        assert (answer.value is None) == (answer.error is not None)


def test_what_cannot_be_combined_is_refused(model: Model) -> None:
    with pytest.raises(ConfigurationError, match="number and yes-no exclude"):
        model.generate("Say.", constraints=["number=0..1", "yes-no"])
    with pytest.raises(ConfigurationError, match="number is asked of answers in text; leave the output"):
        model.generate("Say.", output="protein_sequence", constraints=["number=0..1"])
    with pytest.raises(ConfigurationError, match="number needs up to 2 tokens"):
        model.generate("Say.", constraints=["number=0..1"], max_new_tokens=1)


def test_equal_sets_are_one_object() -> None:
    guide = PiecesAutomaton(Number(0, 999999).language(), dict(enumerate(bytes([b]) for b in range(256))), [300], "n")
    states = np.stack([guide.start(Bounds(30)), guide.start(Bounds(40))])
    following = guide.advance(states, np.array([ord("1"), ord("7")]))
    first, second = guide.allowed(following)
    assert first is second
    assert all(stop <= start for (_, stop), (start, _) in pairwise(first.tolist()))
