"""One run of soft tuning, and the controls that say whether its answers come from the entity."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from biomatrix.soft.tuning import SoftRecipe, SoftRun
from biomatrix.soft.tuning.judging import answered, distance_of_answers, exchanged
from biomatrix.soft.tuning.showing import Show, as_positions, hidden, shown_question
from biomatrix.tasks.benchmarks.answers import gold_answer
from soft_entrants.contest_tasks import TASKS, examples_of


@dataclass(frozen=True)
class Study:
    """What one run depends on."""

    shared: str
    output: str
    task: str
    parts: int
    trained: str
    seed: int
    updates: int
    tokens: int = 1024
    rate: float = 2e-3
    rank: int = 8
    most_train: int | None = None
    most_test: int | None = None
    threads: int = 1


def study(settings: Study) -> dict[str, Any]:
    """Train, and return the figures of the test set and of the controls."""
    torch.set_num_threads(settings.threads)
    run = SoftRun(recipe_of(settings))
    begun = time.perf_counter()
    result = run.tune()
    if not result.training.finished:
        raise SystemExit(f"stopped at step {result.training.step}; give the same command to go on")
    seconds = time.perf_counter() - begun
    test, metric = run.task.test, TASKS[settings.task].metric
    if gold_answer(run.task.benchmark, test[0]) is None:
        raise SystemExit("the test set holds no answers")
    zero = run.rows.add(np.zeros((1, run.encoder.k, run.encoder.d), dtype=np.float32), run.projector)[0].tolist()
    shown = asked_of(run, as_positions(run.vectors.ids))
    order = exchanged(test, settings.seed)
    others = [shown[place] for place in order]
    texts = {
        "true": shown,
        "shuffled": others,
        "zeroed": asked_of(run, as_positions(lambda _: zero)),
        "no entity": asked_of(run, hidden),
    }
    figures: dict[str, Any] = {"seconds": seconds, "trained_parameters": result.trained_parameters}
    for name, questions in texts.items():
        found = answered(run.model, run.vocabulary, run.task.benchmark, test, questions, TASKS[settings.task].answer)
        figures[name] = found.value(metric)
        figures[f"{name}, unread"] = found.unread / len(test)
        figures[f"{name}, answers"] = len(set(found.texts))
    moved = distance_of_answers(run.model, run.vocabulary, shown[:100], others[:100])
    figures["swap, total variation"] = float(moved.mean())
    figures["swap, share above 0.1"] = float((moved > 0.1).mean())
    figures["chance agreement"] = chance(run, order)
    return figures


def asked_of(run: SoftRun, show: Show) -> list[Sequence[Any]]:
    """Return the questions of the test set with entities shown in some way."""
    return [shown_question(run.task.benchmark, one, show) for one in run.task.test]


def chance(run: SoftRun, order: Sequence[int]) -> float:
    """Return how often the answer of the other entity is right as well, which perfect answers would reach."""
    told = [gold_answer(run.task.benchmark, one) for one in run.task.test]
    return float(np.mean([told[place] == told[other] for place, other in enumerate(order)]))


def recipe_of(settings: Study) -> SoftRecipe:
    """Return the recipe of a run."""
    task, shared, output = TASKS[settings.task], Path(settings.shared), Path(settings.output)
    examples = examples_of(task, shared, settings.most_train, settings.most_test)
    name = f"{settings.task}-k{settings.parts}-{settings.trained.replace(' ', '-')}-{settings.seed}-{settings.updates}"
    return SoftRecipe.model_validate(
        {
            "task": task.task_data(shared, settings.most_train, settings.most_test).model_dump(),
            "soft": {
                "encoder": task.encoder_spec(examples, output / "encoders", settings.parts),
                "vectors": str(output / "vectors"),
                "trained": settings.trained,
            },
            "batches": {"tokens": settings.tokens, "max_length": 512},
            "optimiser": {"peak_lr": settings.rate, "warmup_steps": 10},
            "tuning": {"mode": "lora", "rank": settings.rank},
            "run": {
                "output": str(output / "runs" / name),
                "max_steps": settings.updates, "seed": settings.seed, "threads": settings.threads,
                "save_every": 50, "keep": 1, "log_every": 10,
            },
        }
    )  # fmt: skip
