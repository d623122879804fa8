"""The confidence of an answer: what its tokens, its checks, the other samples and a calibration say of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import BioMatrixError
from biomatrix.generation.token_units import segment_units
from biomatrix.tasks.parsers import Expected, parse_answer
from biomatrix.trust.agreement import spread_of
from biomatrix.trust.calibration import Calibration, Interval
from biomatrix.trust.confidence import Confidence
from biomatrix.trust.evidence import Evidence
from biomatrix.trust.likelihood import Likelihood, unit_logprobs
from biomatrix.trust.text_checks import AskedNumber
from biomatrix.trust.units import UNITS
from biomatrix.trust.verdict import Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.generation.answers import Answer
    from biomatrix.trust.agreement import Meaning
    from biomatrix.vocabulary.segments import Segment


@dataclass(frozen=True, eq=False)
class SegmentConfidence:
    """How likely the model found one segment of its answer.

    Parameters
    ----------
    segment : Segment
    likelihood : Likelihood
        Of all its tokens, the control pair included.
    units : ndarray, shape=(N,), dtype=float64
        The log-probability of each residue or atom in nats, NaN where no token writes it; empty where the modality
        does not say which token writes which.
    """

    segment: Segment
    likelihood: Likelihood
    units: NDArray[np.float64]


def with_evidence(
    answers: Sequence[Answer], calibration: Calibration | None = None, doubts: Sequence[str] = ()
) -> list[Answer]:
    """Return the answers to one request, each knowing the others; one that stands there several times counts once.

    Parameters
    ----------
    answers : sequence of Answer
    calibration : Calibration, optional
        Of numbers, or of the labels that the answer was chosen among.
    doubts : sequence of str
        Why it may not hold for the request: see :func:`biomatrix.generation.origins.calibration_doubts`.
    """
    distinct = list({id(answer): answer for answer in answers}.values())
    unit = "" if calibration is None else calibration.unit
    asked = None
    if calibration is not None and calibration.is_interval:
        asked = AskedNumber(calibration.unit if calibration.unit in UNITS else "", bare=True)
    evidence = Evidence(tuple(meaning_of(answer, unit) for answer in distinct), calibration, tuple(doubts))
    known = {
        id(answer): replace(answer, evidence=evidence, sample=n, number=answer.number or asked)
        for n, answer in enumerate(distinct)
    }
    return [known[id(answer)] for answer in answers]


def meaning_of(answer: Answer, unit: str = "") -> Meaning:
    """Return what an answer says: its entity, the only number of its text, or the text; None where it is not valid."""
    if answer.entity is not None:
        return answer.entity
    if answer.error is not None or not answer.text.strip():
        return None
    try:
        value = parse_answer("number", answer.text, Expected(unit))
    except BioMatrixError:
        return answer.text
    return float(value) if isinstance(value, float) else answer.text


def confidence_of(answer: Answer) -> Confidence:
    """Return how sure one may be of an answer; see :class:`biomatrix.trust.confidence.Confidence`."""
    evidence, chosen = answer.evidence, [logprob for logprob in answer.token_logprobs if logprob != 0.0]
    prediction, interval, warnings = _interval(evidence)
    if evidence.agreement is None and len(evidence.meanings) > 1:
        warnings = (*warnings, f"{len(evidence.meanings):,} samples are too many to compare pair by pair")
    shown = _shown(answer) if prediction is None else prediction
    likelihood = Likelihood.of(chosen)
    labels, chance = _labels(answer)
    covered = interval is not None or labels is not None
    return Confidence(
        answer=shown,
        likelihood=likelihood,
        agreement=evidence.agreement,
        sample=answer.sample,
        interval=interval,
        labels=labels,
        coverage=evidence.calibration.coverage if covered and evidence.calibration is not None else None,
        verdict=Verdict(tuple(answer.checks)) if answer.checks else None,
        warnings=(*_warnings(answer), *evidence.doubts, *warnings),
        chance=chance,
        abstained=_abstained(evidence, 1.0 / likelihood.perplexity if chance is None else chance),
    )


def segment_confidences(answer: Answer) -> list[SegmentConfidence]:
    """Return the confidence of each segment of an answer, in order; of a composite, of each of its parts after it."""
    return [one for segment in answer.segments for one in _with_parts(answer, segment)]


def _with_parts(answer: Answer, segment: Segment) -> Iterator[SegmentConfidence]:
    logprobs = answer.token_logprobs[segment.start : segment.stop]
    units = np.empty(0) if segment.modality is None else _unit_logprobs(answer, segment, logprobs[1:-1])
    yield SegmentConfidence(segment, Likelihood.of(logprobs), units)
    for part in segment.parts:
        yield from _with_parts(answer, part)


def _unit_logprobs(answer: Answer, segment: Segment, logprobs: Sequence[float]) -> NDArray[np.float64]:
    if not isinstance(segment.value, Entity) or segment.parts:
        return np.empty(0)
    units = segment_units(answer.vocabulary, answer.token_ids, segment)
    if len(logprobs) != len(units):  # an engine that gives none
        return np.empty(0)
    return unit_logprobs(logprobs, units, 1 + max((unit for written in units for unit in written), default=-1))


def _interval(evidence: Evidence) -> tuple[str | None, Interval | None, tuple[str, ...]]:
    """Return the prediction of all samples on one line, its interval, and what speaks against using the two."""
    calibration = evidence.calibration
    numbers = [one for one in evidence.meanings if isinstance(one, float)]
    if calibration is None or not calibration.is_interval:
        return None, None, ()
    if not numbers:
        return None, None, ("no sample states a number",)
    value, spread = float(np.median(numbers)), spread_of(numbers) if len(numbers) > 1 else None
    count = len(evidence.meanings)
    stated = f"{len(numbers)} of {count}" if len(numbers) < count else f"{count}"
    said = f"{value:.3g} {calibration.unit}".rstrip() + (f" (median of {stated} samples)" if count > 1 else "")
    warnings = []
    if calibration.samples not in (0, count):
        warnings.append(f"calibrated on {_samples(calibration.samples)} a record, but on {count} here")
    if len(numbers) < count:
        warnings.append(f"{count - len(numbers)} of {count} samples state no number")
    if calibration.method == "normalised" and spread is None:
        return said, None, (*warnings, "the calibration needs the spread of several samples")
    return said, calibration.interval(value, spread), tuple(warnings)


def _labels(answer: Answer) -> tuple[tuple[str, ...] | None, float | None]:
    """Return the labels that the truth is among and how often the likeliest comes true; None without a choice."""
    calibration, stated = answer.evidence.calibration, answer.label_probabilities
    if calibration is None or len(stated) != len(calibration.labels) or not stated:
        return None, None
    return calibration.label_set(stated), float(calibration.probabilities([stated]).max())


def _abstained(evidence: Evidence, probability: float) -> str | None:
    """Return why a calibration with a wanted risk leaves the answer unknown; None where it is given."""
    if evidence.calibration is None:
        return None
    numbers = [one for one in evidence.meanings if isinstance(one, float)]
    spread = spread_of(numbers) if len(numbers) > 1 else None
    return evidence.calibration.reason_to_abstain(spread=spread, probability=probability)


def _samples(count: int) -> str:
    return f"{count} sample" if count == 1 else f"{count} samples"


def _shown(answer: Answer) -> str:
    if answer.error is not None:
        return f"no valid answer: {answer.error}"
    return answer.text if answer.entity is None else kind_of(answer.entity).text(answer.entity)


def _warnings(answer: Answer) -> Iterator[str]:
    if answer.finish_reason == "length":
        yield "cut off by the budget of tokens"
    if answer.refused:
        drafts = "draft" if len(answer.refused) == 1 else "drafts"
        yield f"{len(answer.refused)} {drafts} refused before it"
