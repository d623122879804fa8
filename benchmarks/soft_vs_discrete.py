"""Discrete tokens against soft tokens, on equal footing: one table of every way to show an entity to one decoder.

    python benchmarks/soft_vs_discrete.py --shared ../shared --tasks pbmc chebi20              # one half, and on
    python benchmarks/soft_vs_discrete.py --shared ../shared --tasks kang esol localisation    # another core the other
    python benchmarks/soft_vs_discrete.py --shared ../shared --show                           # then: the whole table
    python benchmarks/soft_vs_discrete.py --shared ../shared --tasks esol --seeds 1           # a part
    python benchmarks/soft_vs_discrete.py --shared ../shared --quick                         # does everything run?

Entrants have the same decoder weights at the start, examples, batches of examples, prompts, greedy decoding, strict
parser and judge. They differ in how the entity stands in the prompt: as vectors of a frozen encoder through a projector
(k of them), as tokens of a modality, as both, or as text (symbols of genes, SMILES, letters). Each has two rows: the
same number of updates, and the same seconds of training as soft tokens with k = 1 took for them. Beside them stand a
plain model over the encoder's vectors, and the commonest answer.

Each run is a process of its own and is kept in OUTPUT; one that was killed goes on. The table is printed and written to
OUTPUT/soft_vs_discrete.md. Its last column says whether the entrant can write what it reads: soft tokens cannot.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
from soft_entrants.contest_tasks import TASKS, examples_of
from soft_entrants.entrants import ENTRANTS, Outcome, Settings, fitting
from soft_entrants.kept import outcome_of
from soft_entrants.plain import majority_scores, plain_scores

from biomatrix.processors import wait_asleep
from biomatrix.soft.encoders import open_encoder

REFERENCE = "soft, k=1"
"""Whose seconds the rows of equal time have."""
QUICK = {"updates": 2, "seeds": 1, "most_train": 48, "most_test": 8, "genes": 10, "longest": 60}
HEADS = (
    "task", "entrant", "equal", "metric", "value", "seeds", "updates", "seconds", "trained parameters",
    "tokens an entity", "s an answer", "GiB", "unread", "can write it",
)  # fmt: skip


def main() -> None:
    """Run what is asked for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="the folder of reference data")
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), default=list(TASKS), metavar="TASK")
    parser.add_argument("--entrants", nargs="+", choices=list(ENTRANTS), default=list(ENTRANTS), metavar="ENTRANT")
    parser.add_argument("--equal", nargs="+", choices=["updates", "time"], default=["updates", "time"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--updates", type=int, help="of each training; by the task where not given, 16 or 40")
    parser.add_argument("--batch", type=int, default=8, help="examples of an update")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--genes", type=int, default=30, help="genes of a cell that text and tokens show")
    parser.add_argument("--longest", type=int, default=100, help="longest molecule or sequence, in letters")
    parser.add_argument("--most-train", type=int, help="examples to learn from; 1,000 where not given")
    parser.add_argument("--most-test", type=int, help="examples that are asked; by the task where not given, 48 or 150")
    parser.add_argument("--checkpoint", default="nano")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/soft_vs_discrete"))
    parser.add_argument("--quick", action="store_true", help="a dry run of minutes; figures mean nothing")
    parser.add_argument("--show", action="store_true", help="run nothing; the table of what is kept")
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("biomatrix.training").setLevel(logging.INFO)
    if given.quick:
        vars(given).update(QUICK, output=given.output / "quick")
    lines = [HEADS, tuple("---" for _ in HEADS)]
    for name in given.tasks:
        lines += task_lines(given, name)
        text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        given.output.mkdir(parents=True, exist_ok=True)
        part = "" if given.tasks == list(TASKS) else "-" + "-".join(given.tasks)
        (given.output / f"soft_vs_discrete{part}.md").write_text(f"{text}\n", encoding="utf-8")
    print(text)


def task_lines(given: argparse.Namespace, name: str) -> list[tuple[str, ...]]:
    """Return the rows of one task."""
    lines = plain_lines(given, settings_of(given, name, REFERENCE, 0))
    seconds: dict[int, float] = {}
    for seed in range(given.seeds):
        found = outcome_of(settings_of(given, name, REFERENCE, seed), run=not given.show)
        if found is not None:
            seconds[seed] = found.seconds
    for entrant in given.entrants:
        for equal in given.equal:
            outcomes = []
            for seed in range(given.seeds):
                settings = settings_of(given, name, entrant, seed)
                if equal == "time" and entrant != REFERENCE:
                    if seed not in seconds:
                        continue
                    settings = replace(settings, minutes=round(max(seconds[seed], 1.0) / 60, 4))
                found = outcome_of(settings, run=not given.show)
                outcomes += [] if found is None else [found]
            lines += [line(name, entrant, equal, outcomes)] if outcomes else []
    return lines


def settings_of(given: argparse.Namespace, task: str, entrant: str, seed: int) -> Settings:
    """Return the settings of a run of equal updates."""
    names = ("batch", "rate", "genes", "longest", "checkpoint", "threads")
    told = {one: getattr(given, one) for one in names}
    told["most_train"] = given.most_train or TASKS[task].train
    updates, most_test = given.updates or TASKS[task].updates, given.most_test or TASKS[task].test
    return Settings(str(given.shared), str(given.output), task, entrant, seed, updates, most_test=most_test, **told)


def plain_lines(given: argparse.Namespace, settings: Settings) -> list[tuple[str, ...]]:
    """Return the rows that no decoder is asked for."""
    task = TASKS[settings.task]
    examples = fitting(examples_of(task, given.shared, settings.most_train, settings.most_test), settings)
    encoder = open_encoder(task.encoder_spec(examples, given.output / "encoders", 1))
    name, scores = plain_scores(examples, encoder)
    floor = majority_scores(examples)
    blank = ("",) * 7
    return [
        (task.name, said, "", task.metric, f"{found[task.metric].value:.3f}", "1", *blank, "no")
        for said, found in ((f"{name} on the encoder's vectors", scores), ("commonest answer", floor))
    ]


def line(task: str, entrant: str, equal: str, outcomes: list[Outcome]) -> tuple[str, ...]:
    """Return one row: means over the seeds, and half the range of the metric."""
    metric = TASKS[task].metric
    values = np.array([one.scores[metric] for one in outcomes])
    half = (values.max() - values.min()) / 2

    def mean(name: str, form: str) -> str:
        return format(float(np.mean([getattr(one, name) for one in outcomes])), form)

    return (
        task, entrant, equal, metric, f"{values.mean():.3f}" + (f" +- {half:.3f}" if len(values) > 1 else ""),
        str(len(outcomes)), mean("steps", ".0f"), mean("seconds", ".0f"), mean("trained", ",.0f"),
        mean("tokens", ".1f"), mean("answer_seconds", ".3f"), mean("memory", ".2f"), mean("unread", ".3f"),
        "yes" if outcomes[0].writes else "no",
    )  # fmt: skip


if __name__ == "__main__":
    wait_asleep()
    main()
