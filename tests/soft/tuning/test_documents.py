"""Documents of questions and answers: what is learned, and that nothing of them is cut."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import biomatrix as bm
from biomatrix.errors import ConfigurationError
from biomatrix.soft.tuning.documents import ExchangeDocuments, question_ids
from biomatrix.training.batches import BatchStream
from biomatrix.training.config import BatchSection
from biomatrix.vocabulary import Positions, Vocabulary

from .small_runs import NANO

QUESTION = ["What is ", Positions((-1, -2)), "?"]


@cache
def vocabulary() -> Vocabulary:
    return Vocabulary.from_pretrained(NANO)


def test_the_answer_and_its_end_alone_are_learned() -> None:
    ids, weights = ExchangeDocuments([(QUESTION, "An alcohol.")], vocabulary(), 64).document(0)
    learned = ids[weights > 0]
    assert vocabulary().text(learned[:-1]) == "An alcohol."
    assert learned[-1] in vocabulary().ending_ids
    assert ids[ids < 0].tolist() == [-1, -2]
    assert not weights[ids < 0].any()


def test_questions_are_asked_as_they_were_learned() -> None:
    documents = ExchangeDocuments([(QUESTION, "An alcohol.")], vocabulary(), 64)
    ids, weights = documents.document(0)
    asked = question_ids([QUESTION], vocabulary())[0]
    assert ids[: int(np.flatnonzero(weights)[0])].tolist() == asked
    words = question_ids([["What is ethanol?"]], vocabulary())[0]
    assert words == bm.load("nano").prompt_ids("What is ethanol?")


def test_text_that_spells_a_place_stays_text() -> None:
    ids, _ = ExchangeDocuments([(["What is <|soft|> or -1?"], "Text.")], vocabulary(), 64).document(0)
    assert ids.min() >= 0


def test_a_long_exchange_is_refused_and_not_cut() -> None:
    exchanges = [(QUESTION, "An alcohol."), (["word " * 100, *QUESTION], "An alcohol.")]
    documents = ExchangeDocuments(exchanges, vocabulary(), 64)
    assert documents.kept == (0,)
    assert "at most 64" in documents.refused[0].error.message
    with pytest.raises(ConfigurationError, match="answer is empty"):
        ExchangeDocuments([(QUESTION, " ")], vocabulary(), 64)


@pytest.mark.parametrize("layout", ["bucketed", "packed"])
def test_neither_padding_nor_places_are_ever_labels(layout: str) -> None:
    exchanges = [(QUESTION[: 1 + number % 3], "An alcohol." * (1 + number % 4)) for number in range(12)]
    documents = ExchangeDocuments(exchanges, vocabulary(), 64)
    settings = BatchSection.model_validate({"tokens": 256, "max_length": 64, "layout": layout})
    pad = vocabulary().pad_id
    assert pad is not None
    batch = next(BatchStream(documents, settings, seed=0, pad_id=pad))
    assert (batch.input_ids < 0).any()
    assert batch.labels.min() >= 0
    ends = np.isin(batch.labels, vocabulary().ending_ids) & (batch.weights > 0)
    starts = (batch.position_ids == 0) & (batch.input_ids != pad)
    assert ends.sum() == starts.sum()  # one end of an answer a document, and none of padding


def test_the_fingerprint_follows_the_content() -> None:
    one, moved, other = (
        ExchangeDocuments([(["A ", Positions((place,)), "?"], answer)], vocabulary(), 64)
        for place, answer in ((-1, "yes"), (-9, "yes"), (-1, "no"))
    )
    assert one.fingerprint() == moved.fingerprint()  # the same vector in another row of a table
    assert len({one.fingerprint(), other.fingerprint(), one.fingerprint(besides=["encoder"])}) == 3
