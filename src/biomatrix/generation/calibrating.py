"""Asking a model about records whose truth is known, to calibrate what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.generation.checked import checked_whole
from biomatrix.generation.choosing import label_probabilities
from biomatrix.generation.origins import SCORED, origin_of, question_of
from biomatrix.generation.requests import MOST_SAMPLES, Request
from biomatrix.progress import Progress
from biomatrix.tasks import task_prompt
from biomatrix.trust.abstention import Abstention, RiskCoverage, risk_coverage
from biomatrix.trust.agreement import spread_of
from biomatrix.trust.calibrating import calibrate, calibrate_labels
from biomatrix.trust.calibration import INTERVALS, SETS, Calibration
from biomatrix.trust.conformal import records_needed, refuse_too_few
from biomatrix.trust.origin import Origin
from biomatrix.trust.recalibration import METHODS
from biomatrix.trust.reliability import Reliability, reliability

if TYPE_CHECKING:
    from biomatrix.generation.model import Model
    from biomatrix.generation.requests import Prompt
    from biomatrix.tasks import Task
    from biomatrix.tasks.parsers import Value
    from biomatrix.vocabulary.tables import Item

SAMPLES: Final = 8
YES_NO: Final = ("no", "yes")
"""The labels of a question that is answered yes or no, in the order of their probabilities."""
_NUMBER_TOKENS: Final = 16


@dataclass(frozen=True)
class CalibratedTask:
    """A calibration and what was left out of it.

    Parameters
    ----------
    calibration : Calibration
    asked : int
        Records that the model was asked about.
    unstated : int
        Samples that state no number.
    left_out : int
        Records without two samples that do; nothing is known of how wrong the model is there.
    curve : RiskCoverage, optional
        What refusing the unsure answers saves: the absolute error of numbers by ``sure_by``, the share of wrong labels
        by the probability of the likeliest; of records that no recalibration was fitted on.
    sure_by : {"spread", "probability"}
        What the answers are ordered by: see :class:`biomatrix.trust.Abstention`.
    stated, mended : Reliability, optional
        Of labels: whether the probability of the likeliest comes true, as the model states it and recalibrated.
    """

    calibration: Calibration
    asked: int
    unstated: int = 0
    left_out: int = 0
    curve: RiskCoverage | None = None
    sure_by: str = ""
    stated: Reliability | None = None
    mended: Reliability | None = None

    def abstaining(self, risk: float | None) -> CalibratedTask:
        """Return it with the threshold that keeps to a wanted risk; as it is where none is wanted.

        Raises
        ------
        ConfigurationError
            Not even the surest answers keep to it.
        """
        if risk is None or self.curve is None:
            return self
        found = Abstention.at(self.curve, risk, self.sure_by)
        return replace(self, calibration=replace(self.calibration, abstention=found))


def calibrate_task(
    model: Model,
    task: Task,
    records: Sequence[tuple[Mapping[str, Item], str]],
    *,
    method: str | None = None,
    coverage: float = 0.9,
    num_samples: int = SAMPLES,
    seed: int = 0,
    data: str = "",
    held_out: bool | None = None,
    unit: str = "",
    risk: float | None = None,
    recalibration: str | None = None,
) -> CalibratedTask:
    """Ask a model a task about records and calibrate it on their labels.

    Parameters
    ----------
    model : Model
    task : Task
        Its answers are numbers, yes or no, or choices.
    records : sequence of (mapping of str to item, str)
        The values of the prompt's placeholders, and the label as text. Nothing was trained on them.
    method : {"absolute", "normalised", "lac", "aps"}, optional
        ``normalised`` for numbers of several samples, ``absolute`` for those of one and ``lac`` for choices when not
        given.
    coverage : float
        The nominal coverage.
    num_samples : int
        Of numbers: how many samples' median is the prediction.
    seed : int
    data : str
        Where the records are from, for the file.
    held_out : bool, optional
        Whether the model was trained on none of them; where that is not said, answers that use this are doubted.
    unit : str
        Of the numbers, where the task names none.
    risk : float, optional
        The wanted mean loss (absolute error of numbers, share of wrong labels) of the answers that are given; those
        less sure are held back.
    recalibration : {"temperature", "platt", "isotonic"}, optional
        Of two labels: as for :func:`biomatrix.trust.calibrate_labels`.

    Raises
    ------
    ConfigurationError
        The method does not suit the task (:func:`checked_method`), or the records, or those of them whose answers can
        be used, are too few for the coverage; or no answers keep to the risk.
    """
    checked_recalibration(task, recalibration)
    way = checked_method(task, method, num_samples, coverage)
    named = checked_unit(task, unit)
    refuse_too_few(len(records), coverage)
    prompts = [task_prompt(task.name, values) for values, _ in records]
    truths = [task.parse(label) for _, label in records]
    origin = _origin(model, task, prompts, SCORED if way in SETS else None, data)
    origin["unit"] = named
    if held_out is not None:
        origin["held_out"] = "true" if held_out else "false"
    if task.parser == "number":
        return _numbers(model, task, prompts, truths, way, num_samples, seed, coverage, origin).abstaining(risk)
    return _labels(model, task, prompts, truths, way, coverage, origin, recalibration).abstaining(risk)


def checked_recalibration(task: Task, recalibration: str | None) -> None:
    """Refuse a recalibration that there is none of, or of a task without two labels; ConfigurationError."""
    if recalibration is None:
        return
    if recalibration not in METHODS:
        raise ConfigurationError(f"no recalibration {recalibration!r}; known: {', '.join(METHODS)}")
    if task.parser == "number" or len(task.choices or YES_NO) != 2:
        raise ConfigurationError(f"{task.name} does not answer with one of two labels, so that nothing is recalibrated")


def checked_unit(task: Task, unit: str) -> str:
    """Return the unit of a task's numbers: its own, or the one given where it names none.

    Raises
    ------
    ConfigurationError
        The task names another unit, or answers with no number.
    """
    if unit and task.parser != "number":
        raise ConfigurationError(f"{task.name} answers with no number, so that it has no unit; leave out {unit!r}")
    if unit and task.unit and unit != task.unit:
        raise ConfigurationError(f"{task.name} answers in {task.unit}, not in {unit!r}; leave out the unit")
    return task.unit or unit


def checked_method(task: Task, method: str | None, num_samples: int, coverage: float) -> str:
    """Return how a task is calibrated; the default method for its answers where none is named.

    Numbers of one sample a record have no spread, so that their default is ``absolute``.

    Raises
    ------
    ConfigurationError
        The task has other answers, the method is not one for them or needs more samples, or the numbers are out of
        range.
    """
    known = INTERVALS if task.parser == "number" else tuple(SETS)
    if task.parser not in ("number", "yes_no", "choice"):
        raise ConfigurationError(f"{task.name} answers with {task.parser}; only numbers and choices are calibrated")
    if method is not None and method not in known:
        raise ConfigurationError(f"{task.name} is calibrated by {' or '.join(known)}, not by {method!r}")
    checked_whole(num_samples, "num_samples", 1, MOST_SAMPLES)
    records_needed(coverage)
    if task.parser != "number":
        return method or "lac"
    if method == "normalised" and num_samples == 1:
        raise ConfigurationError("one sample a record has no spread to scale intervals by: ask for several, or for the "
                                 "method absolute")  # fmt: skip
    return method or ("absolute" if num_samples == 1 else "normalised")


def _numbers(
    model: Model,
    task: Task,
    prompts: Sequence[Prompt],
    truths: Sequence[Value],
    method: str,
    num_samples: int,
    seed: int,
    coverage: float,
    origin: Origin,
) -> CalibratedTask:
    """Calibrate the median of samples, with their spread where that is asked for."""
    groups = model.generate_batch(prompts, num_samples=num_samples, seed=seed, max_new_tokens=_NUMBER_TOKENS)
    numbers = [[value for one in group if (value := _number(task, one.text)) is not None] for group in groups]
    kept = [place for place, found in enumerate(numbers) if len(found) >= min(num_samples, 2)]
    refuse_too_few(len(kept), coverage, f"of {len(prompts)} records, those of which enough samples state a number,")
    predictions = [float(np.median(numbers[place])) for place in kept]
    spreads = [spread_of(numbers[place]) for place in kept] if num_samples > 1 else None
    true = [float(str(truths[place])) for place in kept]
    made = calibrate(
        predictions,
        true,
        spreads if method == "normalised" else None,
        coverage=coverage,
        samples=num_samples,
        **origin,
    )
    unstated = len(prompts) * num_samples - sum(map(len, numbers))
    if spreads is None:
        by, sure = "probability", [groups[place][0].confidence.probability for place in kept]
    else:
        by, sure = "spread", [-spread for spread in spreads]
    curve = risk_coverage(sure, np.abs(np.subtract(predictions, true)))
    return CalibratedTask(made, len(prompts), unstated, len(prompts) - len(kept), curve, by)


def _labels(
    model: Model,
    task: Task,
    prompts: Sequence[Prompt],
    truths: Sequence[Value],
    method: str,
    coverage: float,
    origin: Origin,
    recalibration: str | None,
) -> CalibratedTask:
    """Calibrate the probabilities of the task's choices."""
    labels = task.choices or YES_NO
    progress, rows = Progress("scoring", len(prompts), "records"), []
    for prompt in prompts:
        rows.append(label_probabilities(model, prompt, labels))
        progress.advance()
    names = [YES_NO[truth] if isinstance(truth, bool) else str(truth) for truth in truths]
    places = [labels.index(name) for name in names]
    made = calibrate_labels(
        rows, places, labels, method=method, recalibration=recalibration, coverage=coverage, **origin
    )
    begin = len(rows) - len(made.scores)  # those before are what a recalibration was fitted on
    stated, true = np.array(rows[begin:]), np.array(places[begin:])
    mended = made.probabilities(stated)
    curve = risk_coverage(mended.max(axis=1), mended.argmax(axis=1) != true)
    before, after = (reliability(each.max(axis=1), each.argmax(axis=1) == true) for each in (stated, mended))
    return CalibratedTask(
        made,
        len(rows),
        curve=curve,
        sure_by="probability",
        stated=before,
        mended=None if recalibration is None else after,
    )


def _origin(model: Model, task: Task, prompts: Sequence[Prompt], drawn: str | None, data: str) -> Origin:
    """Return what a calibration is made for; without a question where the records were asked different ones."""
    questions = {question_of(model.vocabulary, Request(prompt)) for prompt in prompts}
    found = origin_of(model.engine, Request(prompts[0]), drawn=drawn)
    found |= Origin(task=task.name, model=model.name, unit=task.unit, data=data)
    return found if len(questions) == 1 else found | Origin(prompt="")


def _number(task: Task, text: str) -> float | None:
    try:
        value = task.parse(text)
    except BioMatrixError:
        return None
    return value if isinstance(value, float) else None
