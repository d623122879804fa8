"""Asking a model about records whose truth is known, to calibrate what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.generation.choosing import label_probabilities
from biomatrix.tasks import task_prompt
from biomatrix.trust.agreement import spread_of
from biomatrix.trust.calibrating import calibrate, calibrate_labels
from biomatrix.trust.calibration import INTERVALS, SETS, Calibration

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
    """

    calibration: Calibration
    asked: int
    unstated: int = 0
    left_out: int = 0


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
        ``normalised`` for numbers and ``lac`` for choices when not given.
    coverage : float
        The nominal coverage.
    num_samples : int
        Of numbers: how many samples' median is the prediction.
    seed : int
    data : str
        Where the records are from, for the file.

    Raises
    ------
    ConfigurationError
        The task has other answers, the method is not one for them, or no record can be used.
    """
    known = INTERVALS if task.parser == "number" else tuple(SETS)
    if task.parser not in ("number", "yes_no", "choice"):
        raise ConfigurationError(f"{task.name} answers with {task.parser}; only numbers and choices are calibrated")
    if method is not None and method not in known:
        raise ConfigurationError(f"{task.name} is calibrated by {' or '.join(known)}, not by {method!r}")
    if not records:
        raise ConfigurationError("no record to calibrate on")
    prompts = [task_prompt(task.name, values) for values, _ in records]
    truths = [task.parse(label) for _, label in records]
    if task.parser == "number":
        found = _numbers(model, task, prompts, truths, method != "absolute", num_samples, seed)
    else:
        found = _labels(model, task, prompts, truths, method or "lac")
    made = replace(
        found.calibration, coverage=coverage, task=task.name, model=model.name, unit=task.unit, data=data
    )  # fmt: skip
    return replace(found, calibration=made)


def _numbers(
    model: Model,
    task: Task,
    prompts: Sequence[Prompt],
    truths: Sequence[Value],
    normalised: bool,
    num_samples: int,
    seed: int,
) -> CalibratedTask:
    """Calibrate the median of samples, with their spread where that is asked for."""
    groups = model.generate_batch(prompts, num_samples=num_samples, seed=seed, max_new_tokens=_NUMBER_TOKENS)
    numbers = [[value for one in group if (value := _number(task, one.text)) is not None] for group in groups]
    kept = [place for place, found in enumerate(numbers) if len(found) >= min(num_samples, 2)]
    predictions = [float(np.median(numbers[place])) for place in kept]
    spreads = [spread_of(numbers[place]) for place in kept] if normalised else None
    made = calibrate(predictions, [float(str(truths[place])) for place in kept], spreads, samples=num_samples)
    unstated = len(prompts) * num_samples - sum(map(len, numbers))
    return CalibratedTask(made, len(prompts), unstated, len(prompts) - len(kept))


def _labels(
    model: Model, task: Task, prompts: Sequence[Prompt], truths: Sequence[Value], method: str
) -> CalibratedTask:
    """Calibrate the probabilities of the task's choices."""
    labels = task.choices or YES_NO
    rows = [label_probabilities(model, prompt, labels) for prompt in prompts]
    names = [YES_NO[truth] if isinstance(truth, bool) else str(truth) for truth in truths]
    return CalibratedTask(
        calibrate_labels(rows, [labels.index(name) for name in names], labels, method=method), len(rows)
    )


def _number(task: Task, text: str) -> float | None:
    try:
        value = task.parse(text)
    except BioMatrixError:
        return None
    return value if isinstance(value, float) else None
