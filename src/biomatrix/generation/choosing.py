"""Which of several answers a model finds likeliest, with a probability for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.errors import ConfigurationError
from biomatrix.generation.answers import Answer, read_answer
from biomatrix.generation.origins import SCORED, origin_of
from biomatrix.generation.requests import Request
from biomatrix.trust.calibration import Calibration
from biomatrix.trust.confidence import Confidence
from biomatrix.trust.likelihood import Likelihood
from biomatrix.trust.origin import origin_doubts

if TYPE_CHECKING:
    from biomatrix.generation.engine import Engine
    from biomatrix.generation.model import Model
    from biomatrix.generation.requests import Prompt
    from biomatrix.generation.scoring import Score


@dataclass(frozen=True)
class Choice:
    """The probabilities of several answers.

    Parameters
    ----------
    labels : tuple of str
        The answers, in the order they were given.
    probabilities : tuple of float
        Of each; they add up to 1. After a calibration with a recalibration, as they come true.
    confidence : Confidence
        Of the likeliest; with a calibration, the set of labels that the truth is among.
    """

    labels: tuple[str, ...]
    probabilities: tuple[float, ...]
    confidence: Confidence

    @property
    def label(self) -> str:
        """The likeliest answer; of equals the first."""
        return self.labels[int(np.argmax(self.probabilities))]


def label_probabilities(model: Model, prompt: Prompt, labels: Sequence[str], system: str | None = None) -> list[float]:
    """Return the probability of each answer among those given: their likelihoods, made to add up to 1.

    Raises
    ------
    ConfigurationError
        Fewer than two answers, one twice, or one that another begins with, so that its likelihood holds the other's.
    """
    return _probabilities(_scores(model.engine, Request(prompt, system=system), labels))


def chosen_answer(engine: Engine, request: Request, calibration: Calibration) -> Answer:
    """Return the label of a calibration that is the likeliest answer to a request, recalibrated where it says how.

    The answer's ``label_probabilities`` are those that the model states.

    Raises
    ------
    ConfigurationError
        The labels make no choice (:func:`label_probabilities`), or the request asks for more than one answer, or for
        what only a written one can keep.
    """
    labels = calibration.labels
    for name, asked in (
        ("num_samples", request.num_samples > 1),
        ("best_of", request.best_of > 1),
        ("beams", request.beams is not None),
        ("constraints", bool(request.constraints)),
    ):
        if asked:
            raise ConfigurationError(f"an answer among {', '.join(labels)} is chosen, not drawn; leave out {name}")
    scores = _scores(engine, request, labels)
    stated = _probabilities(scores)
    best = int(np.argmax(calibration.probabilities([stated])[0]))
    found = read_answer(
        engine.vocabulary,
        scores[best].token_ids,
        output=None,
        logprobs=scores[best].token_logprobs,
        complete=True,
    )
    return replace(found, value=labels[best], label_probabilities=tuple(stated))


def _scores(engine: Engine, request: Request, labels: Sequence[str]) -> list[Score]:
    if len(labels) < 2:
        raise ConfigurationError("give at least two answers to choose from")
    inside = next(((a, b) for a in labels for b in labels if a is not b and b.startswith(a)), None)
    if len(set(labels)) < len(labels):
        raise ConfigurationError(f"an answer stands twice among {', '.join(labels)}; give each once")
    if inside is not None:
        raise ConfigurationError(f"{inside[1]!r} begins with {inside[0]!r}: the likelihoods of the two overlap")
    return [engine.score(request, label) for label in labels]


def _probabilities(scores: Sequence[Score]) -> list[float]:
    logprobs = np.array([one.logprob for one in scores])
    likelihoods = np.exp(logprobs - logprobs.max())
    return [float(one) for one in likelihoods / likelihoods.sum()]


def choose(
    model: Model,
    prompt: Prompt,
    labels: Sequence[str] = ("yes", "no"),
    *,
    calibration: Calibration | None = None,
    system: str | None = None,
) -> Choice:
    """Return the probability of each of several answers.

    Parameters
    ----------
    model : Model
    prompt : str, Entity, or sequence
        As for :meth:`Model.generate`.
    labels : sequence of str
        The answers to choose from.
    calibration : Calibration, optional
        Of the same labels, in the same order.
    system : str, optional
        A system turn before the user's.

    Raises
    ------
    ConfigurationError
        The labels make no choice or are not those of the calibration, or that was made with other weights.
    """
    stated = label_probabilities(model, prompt, labels, system)
    found: tuple[str, ...] | None = None
    probabilities = stated
    doubts: tuple[str, ...] = ()
    if calibration is not None:
        if calibration.labels != tuple(labels):
            known = ", ".join(calibration.labels) or "numbers"
            raise ConfigurationError(f"the calibration is of {known}, the question of {', '.join(labels)}")
        request = Request(prompt, system=system)
        doubts = origin_doubts(calibration.origin, origin_of(model.engine, request, drawn=SCORED))
        found = calibration.label_set(stated)
        probabilities = calibration.probabilities([stated])[0].tolist()
    best = int(np.argmax(probabilities))
    confidence = Confidence(
        labels[best],
        Likelihood.of([float(np.log(max(probabilities[best], 1e-300)))]),
        labels=found,
        coverage=None if calibration is None else calibration.coverage,
        warnings=doubts,
        chance=None if calibration is None else probabilities[best],
        abstained=None if calibration is None else calibration.reason_to_abstain(probability=probabilities[best]),
    )
    return Choice(tuple(labels), tuple(probabilities), confidence)
