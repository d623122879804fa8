"""Answers of a model as they go out: entities in every format, tokens with what they write, checks, confidence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.samples import Sample
from biomatrix.generation.answer_files import samples_of
from biomatrix.generation.token_units import TokenMeaning, token_meanings
from biomatrix.serving.entities import tell_entity
from biomatrix.serving.schemas.answers import (
    ToldAnswer,
    ToldCheck,
    ToldConfidence,
    ToldModel,
    ToldRefused,
    ToldSegment,
    ToldToken,
)
from biomatrix.trust.verdict import Verdict
from biomatrix.vocabulary.segments import Failure, Segment
from biomatrix.vocabulary.token_table import token_table_fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from biomatrix.entities.check import Check
    from biomatrix.generation.answers import Answer
    from biomatrix.generation.model import Model
    from biomatrix.serving.schemas.entities import ToldEntity
    from biomatrix.serving.service import Service
    from biomatrix.vocabulary.vocabulary import Vocabulary

_TOLD: WeakKeyDictionary[Model, ToldModel] = WeakKeyDictionary()


def number(value: float | None) -> float | None:
    """Return a number as JSON has it: None where it is not finite."""
    return None if value is None or not math.isfinite(value) else float(value)


def told_answer(answer: Answer, service: Service, *, seed: int = 0, index: int | None = None) -> ToldAnswer:
    """Return an answer as it goes out.

    Parameters
    ----------
    answer : Answer
        With its evidence, where it is one of several samples.
    service : Service
    seed : int
        Of the request.
    index : int, optional
        Its number among the samples, from 0; that of the answer when not given.
    """
    sample = answer.sample if index is None else index
    entities = _entities(answer)
    titled = {id(one.entity): one for one in samples_of([answer])}
    told = [
        tell_entity(one, service, sample=_renumbered(titled.get(id(one)), sample), written=_written(answer, one))
        for one in entities
    ]
    if answer.entity is None:
        first: ToldEntity | None = None
        numbers = {id(one): place for place, one in enumerate(entities, start=1)}
    else:
        first, *told = told
        numbers = {id(one): place for place, one in enumerate(entities)}
    checks = answer.checks
    return ToldAnswer(
        text=answer.text,
        entity=first,
        others=told,
        error=answer.error,
        value=number(answer.value) if isinstance(answer.value, float) else answer.value,
        segments=[_segment(answer, one, numbers) for one in answer.segments],
        tokens=told_tokens(
            answer.vocabulary, answer.token_ids, answer.segments, logprobs=answer.token_logprobs, numbers=numbers
        ),
        logprob=number(answer.logprob),
        finish_reason=answer.finish_reason,
        checks=[told_check(one) for one in checks],
        verdict=str(Verdict(tuple(checks))) if checks else "",
        confidence=_confidence(answer),
        notes=list(answer.notes),
        refused=ToldRefused(count=len(answer.refused), reasons=list(answer.refused)),
        candidates=answer.candidates,
        score=number(answer.score),
        sample=sample,
        seed=seed,
    )


def told_tokens(
    vocabulary: Vocabulary,
    ids: Sequence[int],
    segments: Sequence[Segment],
    *,
    logprobs: Sequence[float] = (),
    numbers: dict[int, int] | None = None,
) -> list[ToldToken]:
    """Return the tokens of a sequence, each with the residues or atoms it writes.

    Parameters
    ----------
    vocabulary : Vocabulary
    ids : sequence of int
    segments : sequence of Segment
        Of these ids.
    logprobs : sequence of float
        Of each id, in nats; empty where they are not known.
    numbers : dict of int to int, optional
        The number of each entity by its identity in memory; 0 for all when not given.
    """
    meanings = token_meanings(vocabulary, ids, segments)
    known = logprobs if len(logprobs) == len(ids) else [math.nan] * len(ids)
    rows = zip(ids, meanings, known, strict=True)
    return [_token(vocabulary, id_, meaning, logprob, numbers) for id_, meaning, logprob in rows]


def told_check(check: Check) -> ToldCheck:
    """Return a check as it goes out."""
    return ToldCheck(
        name=check.name,
        passed=check.passed,
        value=number(check.value),
        unit=check.unit,
        threshold=number(check.threshold),
        detail=check.detail,
    )


def told_model(model: Model) -> ToldModel:
    """Return what tells a model from others; worked out once for each."""
    if model not in _TOLD:
        vocabulary = model.vocabulary
        _TOLD[model] = ToldModel(
            name=model.name,
            hash=getattr(model.engine, "model_hash", None),
            vocabulary=token_table_fingerprint(vocabulary),
            structure_tokenizers={name: record.fingerprint for name, record in vocabulary.required_tokenizers.items()},
            context_length=model.context_length,
            version=_version(),
        )
    return _TOLD[model]


def _version() -> str:
    import biomatrix

    return str(biomatrix.__version__)


def _entities(answer: Answer) -> list[Entity]:
    """Return the entities of an answer, its own first, those of composites' parts after them."""
    found = [] if answer.entity is None else [answer.entity]
    found += [one.value for one in _flat(answer.segments) if isinstance(one.value, Entity)]
    return list({id(one): one for one in found}.values())


def _written(answer: Answer, entity: Entity) -> dict[str, str]:
    """Return the segments of an answer that spell an entity, by modality."""
    mine = [one for one in _flat(answer.segments) if one.value is entity and one.modality is not None]
    return {str(one.modality): answer.vocabulary.text(answer.token_ids[one.start : one.stop]) for one in mine}


def _flat(segments: Sequence[Segment]) -> Iterator[Segment]:
    for segment in segments:
        yield segment
        yield from _flat(segment.parts)


def _renumbered(sample: Sample | None, index: int) -> Sample | None:
    """Return what files say of an answer under its number among the samples."""
    return None if sample is None else Sample(sample.entity, index + 1, sample.data, sample.confidences)


def _segment(answer: Answer, segment: Segment, numbers: dict[int, int]) -> ToldSegment:
    failure = segment.value if isinstance(segment.value, Failure) else None
    units = next((one.units for one in answer.segment_confidence() if one.segment is segment), ())
    return ToldSegment(
        modality=segment.modality,
        text=answer.vocabulary.text(answer.token_ids[segment.start : segment.stop]),
        start=segment.start,
        stop=segment.stop,
        entity=numbers.get(id(segment.value)),
        error=None if failure is None else failure.reason,
        units=[number(float(one)) for one in units],
    )


def _token(
    vocabulary: Vocabulary, id_: int, meaning: TokenMeaning, logprob: float, numbers: dict[int, int] | None
) -> ToldToken:
    entity = None if meaning.entity is None else (0 if numbers is None else numbers.get(id(meaning.entity)))
    return ToldToken(
        id=int(id_),
        text=vocabulary.text([id_]),
        modality=meaning.modality,
        unit=meaning.units[0] if meaning.units else None,
        units=list(meaning.units),
        entity=entity,
        logprob=number(logprob),
    )


def _confidence(answer: Answer) -> ToldConfidence:
    values: dict[str, Any] = answer.confidence.as_json()
    finite = {name: number(one) if isinstance(one, float) else one for name, one in values.items()}
    interval: list[float] | None = values["interval"]
    return ToldConfidence.model_validate(
        {**finite, "interval": None if interval is None else [number(end) for end in interval]}
    )
