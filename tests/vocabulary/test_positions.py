"""Places of vectors in documents: ids below 0 go in as they are, and nothing else can be one."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.entities import Molecule
from biomatrix.errors import VocabularyError
from biomatrix.generation import load
from biomatrix.vocabulary import Positions, Turn, Vocabulary

PLACES = Positions((-1, -7))


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load("nano").vocabulary


def test_ids_go_in_as_they_are(vocabulary: Vocabulary) -> None:
    text, more = vocabulary.encode_text("What is "), vocabulary.encode_text("?")
    items = ["What is ", PLACES, "?"]
    assert vocabulary.encode(items) == [*text, -1, -7, *more]
    assert vocabulary.encode(PLACES) == [-1, -7]
    batch = vocabulary.encode_batch([items, [PLACES], ["What is ", Molecule.from_smiles("C"), PLACES]])
    assert not batch.rejects
    assert [ids.tolist() for ids in batch.ids[:2] if ids is not None] == [[*text, -1, -7, *more], [-1, -7]]
    assert all(ids is not None and ids.dtype == np.int32 for ids in batch.ids)
    chat = vocabulary.encode_chat([Turn("user", items), Turn("assistant", PLACES)])
    assert [id_ for id_ in chat if id_ < 0] == [-1, -7, -1, -7]


def test_text_that_spells_a_place_stays_text(vocabulary: Vocabulary) -> None:
    for text in ("-1", "<-1>", "Positions((-1,))"):
        assert min(vocabulary.encode(text)) >= 0
        assert vocabulary.decode(vocabulary.encode(text)) == [text]


def test_what_stands_for_no_token_is_no_text_again(vocabulary: Vocabulary) -> None:
    ids = vocabulary.encode(["What is ", PLACES, "?"])
    assert vocabulary.text(ids) == "What is ?"
    assert "".join(part for part in vocabulary.decode(ids) if isinstance(part, str)) == "What is ?"


@pytest.mark.parametrize("ids", [(), (0,), (-1, 5), (-1.5,), ("-1",)], ids=str)
def test_what_is_no_place_is_refused(ids: tuple[int, ...]) -> None:
    with pytest.raises(VocabularyError):
        Positions(ids)


def test_a_place_too_low_for_a_document_is_refused(vocabulary: Vocabulary) -> None:
    batch = vocabulary.encode_batch([[Positions((-(1 << 40),))], ["fine"]])
    assert batch.ids[0] is None
    assert "32 bits" in str(batch.rejects[0])
