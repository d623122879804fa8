"""Conversations that are too long: the question's words give way, never a place, the answer or the end."""

from __future__ import annotations

import pytest

from biomatrix.entities import Molecule
from biomatrix.errors import LimitError
from biomatrix.generation import load
from biomatrix.soft.fitting import GAP, fit_turns
from biomatrix.vocabulary import Positions, Turn, Vocabulary

PLACES = Positions((-1, -2, -3, -4))
LONG = " ".join(f"word {number}" for number in range(80))


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load("nano").vocabulary


def turns(answer: str = "It is ethanol, a solvent.") -> list[Turn]:
    return [Turn("user", [f"Given that {LONG}, what is ", PLACES, "?"]), Turn("assistant", [answer])]


def test_what_is_cut_at_a_length_loses_the_places_and_the_answer(vocabulary: Vocabulary) -> None:
    """The former way: the first 64 ids of the whole. None of what matters is among them."""
    cut = vocabulary.encode_chat(turns(), add_generation_prompt=False)[:64]
    assert not set(PLACES.ids) & set(cut)
    fitted = fit_turns(vocabulary, turns(), 64)
    ids = vocabulary.encode_chat(fitted.turns, add_generation_prompt=False)
    assert len(ids) == fitted.tokens <= 64
    assert [id_ for id_ in ids if id_ < 0] == list(PLACES.ids)
    answer = vocabulary.encode_text("It is ethanol, a solvent.")
    end = vocabulary.encode_chat([Turn("assistant", ["x"])], add_generation_prompt=False)[-2:]
    assert ids[-len(answer) - len(end) :] == [*answer, *end]
    assert f"{fitted.dropped} tokens" in fitted.note
    text = str(fitted.turns[0].content[0])  # type: ignore[index]
    assert text.startswith("Given that")
    assert text.rstrip().endswith("what is")
    assert GAP in text


def test_what_fits_is_left_as_it_is(vocabulary: Vocabulary) -> None:
    whole = len(vocabulary.encode_chat(turns(), add_generation_prompt=False))
    fitted = fit_turns(vocabulary, turns(), whole)
    assert (fitted.dropped, fitted.note, fitted.tokens) == (0, "", whole)
    assert [list(turn.content) for turn in fitted.turns] == [list(turn.content) for turn in turns()]  # type: ignore[arg-type]


def test_what_cannot_fit_is_refused(vocabulary: Vocabulary) -> None:
    with pytest.raises(LimitError, match="never cut"):
        fit_turns(vocabulary, turns(LONG), 100)
    entity = Molecule.from_smiles("CCCCCCCCCCCCCCCCCCCCCCCCCCCCCC")
    with pytest.raises(LimitError, match="never cut"):
        fit_turns(vocabulary, [Turn("user", ["What is ", entity, "?"])], 24)


def test_the_least_words_that_are_needed_go(vocabulary: Vocabulary) -> None:
    whole = len(vocabulary.encode_chat(turns(), add_generation_prompt=False))
    for most in range(60, whole, 37):
        fitted = fit_turns(vocabulary, turns(), most)
        assert most - 12 <= fitted.tokens <= most
