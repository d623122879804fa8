"""Which stretches of text are whole names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from biomatrix.corpus.linking.name_rules import can_be_found, common_words, plain, stands_alone, with_plural


@given(st.text())
def test_the_plain_form_keeps_every_place(text: str) -> None:
    assert len(plain(text)) == len(text)
    assert plain(plain(text)) == plain(text)


@given(st.text(alphabet=" .,()-/ab1", max_size=6), st.text(alphabet=" .,()-/ab1", max_size=6))
def test_a_name_inside_a_longer_word_never_stands_alone(before: str, after: str) -> None:
    text = f"{before}ethanol{after}"
    start = len(before)
    joined = (before[-1:].isalnum()) or (after[:1].isalnum())
    assert not (joined and stands_alone(text, start, start + 7))


def test_common_words_and_short_names_are_not_looked_for() -> None:
    assert {"lead", "cat", "acid"} <= common_words()
    assert not any(map(can_be_found, ("Lead", "NO", "12,3", "CAT", "")))
    assert not can_be_found("glycol", {"glycol"})
    assert can_be_found("glycol")


def test_plurals_end_with_their_s() -> None:
    assert with_plural("ethanols and", 0, 7) == 8
    assert with_plural("ethanol s", 0, 7) == 7
    assert with_plural("ethanolsa", 0, 7) == 7
    assert with_plural("ureas", 0, 4) == 4, "symbols and short names have none"
