"""An answer while it is written: the events of a model's stream as plain values."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.slow_checks import further_checks_by
from biomatrix.errors import BioMatrixError
from biomatrix.generation.events import Event, Finished, Refused, SegmentClosed, SegmentOpened, SegmentToken, TextPiece
from biomatrix.serving.answers import told_answer, told_model
from biomatrix.serving.asking import request_for
from biomatrix.serving.entities import tell_entity
from biomatrix.serving.faults import told_error
from biomatrix.serving.wishes import about_constraints
from biomatrix.trust.checking import checked_level
from biomatrix.vocabulary.segments import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biomatrix.serving.schemas.asking import GenerateAsked
    from biomatrix.serving.service import Service


def stream_events(service: Service, asked: GenerateAsked) -> Iterator[dict[str, Any]]:
    """Yield what a request writes, each event as values for JSON with a ``type`` and the number of its ``sample``.

    The types are text, segment_opened, token, segment_closed, refused (the draft so far counts no more) and finished,
    whose ``answer`` is that of :func:`~biomatrix.serving.answers.told_answer`; at the end ``end``, or ``error`` where
    writing broke off. Closing the iterator stops the writing.

    Raises
    ------
    BioMatrixError
        The request cannot be met; before the first event.
    """
    begun = time.perf_counter()
    request = request_for(service, asked)
    with about_constraints(asked.constraints):
        events = service.model.engine.stream(request)
    first = next(events, None)
    told = _told(service, asked, first, events, begun)
    next(told)  # it has begun, so that closing it stops the writing even before its first event is taken
    return told


def _told(
    service: Service, asked: GenerateAsked, first: Event | None, events: Iterator[Event], begun: float
) -> Iterator[dict[str, Any]]:
    with closing(events):  # type: ignore[type-var]  # an engine's stream is a generator
        yield {}
        try:
            if first is not None:
                yield told_event(first, service, asked)
                for event in events:
                    yield told_event(event, service, asked)
        except BioMatrixError as error:
            yield {"type": "error", "error": told_error(error)}
            return
    yield {
        "type": "end",
        "model": told_model(service.model).model_dump(mode="json"),
        "asked": asked.model_dump(mode="json"),
        "seconds": time.perf_counter() - begun,
    }


def told_event(event: Event, service: Service, asked: GenerateAsked) -> dict[str, Any]:
    """Return one event as values for JSON."""
    sample = event.sample
    if isinstance(event, TextPiece):
        return {"type": "text", "sample": sample, "text": event.text}
    if isinstance(event, SegmentOpened):
        return {"type": "segment_opened", "sample": sample, "modality": event.modality}
    if isinstance(event, SegmentToken):
        return {"type": "token", "sample": sample, "text": event.token}
    if isinstance(event, Refused):
        return {"type": "refused", "sample": sample, "reason": event.reason}
    if isinstance(event, SegmentClosed):
        return _closed(event, service)
    assert isinstance(event, Finished)
    answer = replace(event.answer, level=checked_level(asked.checks))
    with further_checks_by(service.parser.further_checks):
        told = told_answer(answer, service, seed=asked.seed, index=sample)
    return {"type": "finished", "sample": sample, "answer": told.model_dump(mode="json")}


def _closed(event: SegmentClosed, service: Service) -> dict[str, Any]:
    segment = event.segment
    entity = segment.value if isinstance(segment.value, Entity) else None
    return {
        "type": "segment_closed",
        "sample": event.sample,
        "modality": segment.modality,
        "start": segment.start,
        "stop": segment.stop,
        "entity": None if entity is None else tell_entity(entity, service, formats=False).model_dump(mode="json"),
        "error": segment.value.reason if isinstance(segment.value, Failure) else None,
    }
