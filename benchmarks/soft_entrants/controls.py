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
from biomatrix.soft.tuning.choosing import choose
from biomatrix.soft.tuning.judging import answered, distance_of_answers, exchanged
from biomatrix.soft.tuning.showing import Show, as_positions, hidden, shown_question
from biomatrix.tasks.benchmarks.answers import gold_answer
from soft_entrants.contest_tasks import TASKS, examples_of

DRAWN, CHOSEN = "drawn", "chosen"
FORMS: dict[str, dict[str, dict[str, Any]]] = {
    DRAWN: {},
    "ridge": {"soft": {"layers": 1, "start": "ridge"}},
    "ridge-adapter": {"soft": {"layers": 1, "start": "ridge", "trained": "lora"}, "optimiser": {"peak_lr": 3e-3}},
}
"""Projectors that a run is chosen among, on held-out training cells: two layers as drawn; one layer that starts as
ridge regression of the answers' embeddings; and that one left as it starts."""
HELD_OUT = 0.2
"""Of the training cells, for the choice; a whole batch where there are several."""


@dataclass(frozen=True)
class Study:
    """What one run depends on; ``form`` is one of the forms above, or that it is chosen."""

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
    form: str = DRAWN


def study(settings: Study) -> dict[str, Any]:
    """Train, and return the figures of the test set and of the controls."""
    torch.set_num_threads(settings.threads)
    begun = time.perf_counter()
    choice = choose(recipe_of(settings))
    if choice.stopped is not None:
        raise SystemExit("a candidate was stopped; give the same command to go on")
    chosen = time.perf_counter() - begun
    run = SoftRun(choice.recipe)
    begun = time.perf_counter()
    result = run.tune()
    if not result.training.finished:
        raise SystemExit(f"stopped at step {result.training.step}; give the same command to go on")
    seconds = time.perf_counter() - begun
    test, metric = run.task.test, TASKS[settings.task].metric
    if gold_answer(run.task.benchmark, test[0]) is None:
        raise SystemExit("the test set holds no answers")
    encoder, projector = run.source.encoder, run.source.projector
    zero = run.rows.add(np.zeros((1, encoder.k, encoder.d), dtype=np.float32), projector)[0].tolist()
    shown = asked_of(run, run.show)
    order = exchanged(test, settings.seed)
    others = [shown[place] for place in order]
    texts = {
        "true": shown,
        "shuffled": others,
        "zeroed": asked_of(run, as_positions(lambda _: zero)),
        "no entity": asked_of(run, hidden),
    }
    figures: dict[str, Any] = {"seconds": seconds, "trained_parameters": result.trained_parameters}
    figures |= {"form": choice.name or settings.form, "seconds of the choice": chosen}
    figures["tried"] = {one.name: one.nats for one in choice.tried}
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
    words = (settings.task, f"k{settings.parts}", settings.trained.replace(" ", "-"), settings.form)
    name = "-".join([*words, str(settings.seed), str(settings.updates)])
    chosen = settings.form == CHOSEN
    form = {} if chosen else FORMS[settings.form]
    soft = {"trained": settings.trained, **form.get("soft", {})}
    return SoftRecipe.model_validate(
        {
            "candidates": FORMS if chosen else {},
            "task": task.task_data(shared, settings.most_train, settings.most_test).model_dump()
            | {"held_out": HELD_OUT if chosen else 0.0},
            "soft": {
                "encoder": task.encoder_spec(examples, output / "encoders", settings.parts),
                "vectors": str(output / "vectors"),
                **soft,
            },
            "batches": {"tokens": settings.tokens, "max_length": 512},
            "optimiser": {"peak_lr": settings.rate, "warmup_steps": 10} | form.get("optimiser", {}),
            "tuning": {"mode": "lora", "rank": settings.rank},
            "run": {
                "output": str(output / "runs" / name),
                "max_steps": settings.updates, "seed": settings.seed, "threads": settings.threads,
                "save_every": 50, "keep": 1, "log_every": 10, "evaluate_documents": 512,
            },
        }
    )  # fmt: skip
