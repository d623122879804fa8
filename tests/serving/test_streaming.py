"""A stream tells what is written, and ends with the answer that generate gives."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.generation.events import Event
from biomatrix.serving.operations.generating import generate
from biomatrix.serving.schemas.asking import GenerateAsked
from biomatrix.serving.service import Service
from biomatrix.serving.streaming import stream_events


def test_a_stream_ends_with_the_answer_of_generate(service: Service) -> None:
    asked = GenerateAsked(prompt="Make a molecule as SELFIES.", output="molecule_selfies", length=(4, 12), samples=2)
    events = [json.loads(json.dumps(event, allow_nan=False)) for event in stream_events(service, asked)]
    types = [event["type"] for event in events]
    assert set(types) <= {"text", "segment_opened", "token", "segment_closed", "refused", "finished", "end"}
    assert types[-1] == "end"
    finished = {event["sample"]: event["answer"] for event in events if event["type"] == "finished"}
    told = generate(service, asked).model_dump(mode="json")
    for answer in told["answers"]:
        streamed = finished[answer["sample"]]
        assert streamed["entity"] == answer["entity"]
        assert streamed["tokens"] == answer["tokens"]
    assert events[-1]["asked"] == told["asked"]


def test_what_cannot_be_asked_raises_before_the_first_event(service: Service) -> None:
    with pytest.raises(ConfigurationError, match="cannot be streamed"):
        stream_events(service, GenerateAsked(prompt="x", best_of=2))


def test_a_stream_closed_early_stops(service: Service) -> None:
    events = stream_events(service, GenerateAsked(prompt="Describe water.", max_new_tokens=64))
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert list(events) == []


def test_a_stream_closed_before_its_first_event_stops(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Iterator[Event]] = []
    stream = service.model.engine.stream
    monkeypatch.setattr(service.model.engine, "stream", lambda request: begun.append(stream(request)) or begun[0])
    stream_events(service, GenerateAsked(prompt="Describe water.", max_new_tokens=64)).close()  # type: ignore[attr-defined]
    assert list(begun[0]) == []
