"""A stream says piece by piece what the whole answer says."""

from __future__ import annotations

import re

import pytest

from biomatrix.entities import Protein
from biomatrix.errors import LimitError
from biomatrix.generation import Model
from biomatrix.generation.events import (
    Event,
    Finished,
    Refused,
    SegmentClosed,
    SegmentOpened,
    SegmentToken,
    TextPiece,
)
from biomatrix.generation.streaming import EventReader
from biomatrix.vocabulary import Vocabulary

FOLD = ["Fold ", Protein("MKVLA")]


@pytest.mark.parametrize("output", [None, "molecule_smiles", "molecule_selfies", "protein_structure"])
@pytest.mark.parametrize("greedy", [True, False])
def test_a_stream_writes_what_generate_writes(model: Model, output: str | None, greedy: bool) -> None:
    asked = {"output": output, "greedy": greedy, "num_samples": 3, "max_new_tokens": 30, "seed": 2}
    whole = model.generate(FOLD, **asked)  # type: ignore[arg-type]
    events = list(model.stream(FOLD, **asked))  # type: ignore[arg-type]
    finished = {event.sample: event.answer for event in events if isinstance(event, Finished)}
    assert sorted(finished) == [0, 1, 2]
    for sample, answer in enumerate(whole):
        assert finished[sample].token_ids == answer.token_ids
        assert finished[sample].logprob == pytest.approx(answer.logprob, abs=1e-3)
        assert finished[sample].finish_reason == answer.finish_reason
        assert finished[sample].refused == answer.refused
        if sample == 0 or not greedy:
            assert_events_tell(events, sample, model)


@pytest.mark.parametrize("output", [None, "molecule_selfies"])
def test_an_answer_ends_with_the_token_that_completes_a_stop_string(model: Model, output: str | None) -> None:
    asked = {"output": output, "num_samples": 3, "max_new_tokens": 30, "seed": 2, "drafts": 1}
    free = model.generate(FOLD, **asked)  # type: ignore[arg-type]
    late = [answer.text[len(answer.text) // 2 :] for answer in free[::2]]
    stop = [found[0] for text in late if (found := re.search(r"\[[^]]+\]|(?<!^)[!-~]", text))]
    stopped = model.generate(FOLD, stop=stop, **asked)  # type: ignore[arg-type]
    events = list(model.stream(FOLD, stop=stop, **asked))  # type: ignore[arg-type]
    streamed = {event.sample: event.answer for event in events if isinstance(event, Finished)}
    for sample, (answer, longer) in enumerate(zip(stopped, free, strict=True)):
        assert streamed[sample].token_ids == answer.token_ids
        assert streamed[sample].finish_reason == answer.finish_reason
        assert longer.token_ids[: len(answer.token_ids)] == answer.token_ids
        if answer.token_ids != longer.token_ids:
            assert answer.finish_reason == "stop"
            assert any(one in answer.text for one in stop)
            before = model.vocabulary.text(answer.token_ids[:-1])
            assert not any(one in before for one in stop)
    assert len(stopped[0].token_ids) < len(free[0].token_ids)


def assert_events_tell(events: list[Event], sample: int, model: Model) -> None:
    """Assert that the events of a sample join to its answer."""
    mine = [event for event in events if event.sample == sample]
    assert isinstance(mine[-1], Finished)
    answer = mine[-1].answer
    refused = [place for place, event in enumerate(mine) if isinstance(event, Refused)]
    assert tuple(mine[place].reason for place in refused) == answer.refused  # type: ignore[union-attr]
    mine = mine[refused[-1] + 1 if refused else 0 :]
    told: list[str] = []
    for event in mine:
        if isinstance(event, TextPiece):
            told.append(event.text)
        elif isinstance(event, SegmentOpened):
            told.append(model.vocabulary.modality(event.modality).start_token)
        elif isinstance(event, SegmentToken):
            told.append(event.token)
        elif isinstance(event, SegmentClosed):
            told.append(model.vocabulary.modality(str(event.segment.modality)).end_token)
    cut = [s for s in answer.segments if s.modality is not None and "not closed" in str(s.value)]
    assert "".join(told) == answer.text or cut
    closed = [event.segment for event in mine if isinstance(event, SegmentClosed)]
    written = [segment for segment in answer.segments if segment.modality is not None]
    assert [(s.start, s.stop, s.tokens) for s in closed] == [(s.start, s.stop, s.tokens) for s in written]


def test_a_stream_comes_as_it_is_written(model: Model) -> None:
    events = model.stream(FOLD, output="protein_structure", length=5)
    assert next(events) == SegmentOpened("protein_structure")
    assert isinstance(next(events), SegmentToken)
    rest = list(events)
    assert [type(event) for event in rest] == [SegmentToken] * 4 + [SegmentClosed, Finished]
    assert isinstance(rest[-2].segment.value, Protein)  # type: ignore[union-attr]


def test_an_impossible_request_is_refused_before_the_first_event(model: Model) -> None:
    with pytest.raises(LimitError):
        model.stream("word " * 400)


@pytest.mark.parametrize(
    "text", ["Fold the protein.", "naïve Å ångström", "分子 🧬 Ω", "\ufffd is text too", " a  b\n"]
)
def test_characters_of_several_pieces_come_whole(vocabulary: Vocabulary, text: str) -> None:
    reader = EventReader(vocabulary, lambda segment: segment, 0)
    events = [event for id_ in vocabulary.encode_text(text) for event in reader.read(id_)]
    pieces = [event.text for event in [*events, *reader.flush()] if isinstance(event, TextPiece)]
    assert "".join(pieces) == text
    if "\ufffd" not in text:
        assert not any("\ufffd" in piece for piece in pieces)
    assert len(pieces) > 1


def test_text_and_segments_alternate(vocabulary: Vocabulary) -> None:
    ids = [*vocabulary.encode(["It is ", Protein("MK"), " and ", Protein("V")]), vocabulary.ending_ids[0]]
    reader = EventReader(vocabulary, lambda segment: segment, 7)
    events = [event for id_ in ids for event in reader.read(id_)]
    assert {event.sample for event in events} == {7}
    values = [event.segment.value for event in events if isinstance(event, SegmentClosed)]
    assert [value.sequence for value in values] == ["MK", "V"]  # type: ignore[union-attr]
    assert [event.token for event in events if isinstance(event, SegmentToken)] == ["<A M>", "<A K>", "<A V>"]
    assert "".join(event.text for event in events if isinstance(event, TextPiece)) == "It is  and "
