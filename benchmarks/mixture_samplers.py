"""Samplers compared on a corpus: each task's share, how often it is seen, the held-out loss after the same training.

    biomatrix corpus build recipes/nano_corpus.toml --data DATA --output runs/nano_corpus
    python benchmarks/mixture_samplers.py runs/nano_corpus              # three trainings of two minutes on two cores
    python benchmarks/mixture_samplers.py runs/nano_corpus --steps 0    # the shares alone

One small Qwen3 is trained from the same weights for the same steps under each sampler. Printed are, by view or task,
the largest first: predicted tokens in the corpus, epochs within the run, and held-out nats a token. The last rows are
the mean over all tasks, over those of fewer tokens than the median, and over all in the corpus's own proportions. One
seed: differences below 0.02 nats say little. A training that would take longer than ``--minutes`` is cut there, and
that is said.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, median

from training_runs.kept_runs import trained
from training_runs.settings import RunCorpus, RunSettings, recipe

from biomatrix.cli.plain_tables import short_count, text_table
from biomatrix.corpus.groups import document_groups
from biomatrix.processors import wait_asleep
from biomatrix.training.mixture import MixtureSection
from biomatrix.training.mixture_table import GroupShares, compared, samplers
from biomatrix.training.trackers import VIEW

Losses = dict[str, float]


def trained_under(mixture: MixtureSection, settings: RunSettings, corpus: RunCorpus) -> tuple[Losses, int]:
    """Train a small model under a mixture; return held-out nats a token by task and for "all", and the steps done."""
    with tempfile.TemporaryDirectory() as folder:
        trainer, result = trained(recipe(replace(settings, mixture=mixture), corpus, Path(folder)))
        trainer.close()
    return nats(result.held_out), result.step


def nats(held_out: Mapping[str, Mapping[str, float]]) -> Losses:
    """Return the nats a token of each part of a held-out loss."""
    return {name: figures["nats"] for name, figures in held_out.items()}


def table(rows: list[GroupShares], losses: dict[str, Losses]) -> list[list[str]]:
    """Return the rows of the table, its heads first."""
    names = list(rows[0].shares)
    heads = [
        "task",
        "tokens",
        *(f"{head}, {name}" for name in names for head in (("epochs", "nats") if losses else ("epochs",))),
    ]
    lines = [heads]
    for row in rows:
        cells = [row.name, short_count(row.tokens)]
        for name in names:
            cells.append(f"{row.epochs[name]:.3g}")
            if losses:
                nats = losses[name].get(f"{VIEW}{row.name}")
                cells.append("-" if nats is None else f"{nats:.3f}")
        lines.append(cells)
    return [*lines, *(summaries(rows, losses) if losses else [])]


def summaries(rows: list[GroupShares], losses: dict[str, Losses]) -> list[list[str]]:
    """Return the last rows: means over tasks, over the small ones, and the loss over all tokens."""
    found = [means(rows, one, losses.values()) for one in losses.values()]
    return [[what, "", *(text for one in found for text in ("", f"{one[what]:.3f}"))] for what in found[0]]


def means(rows: Sequence[GroupShares], losses: Losses, beside: Iterable[Losses] = ()) -> dict[str, float]:
    """Return one sampler's mean nats a token over tasks, over small ones, and over all tokens of the corpus.

    Parameters
    ----------
    rows : sequence of GroupShares
    losses : dict of str to float
    beside : iterable of dict
        The losses of other samplers: only tasks that all of them were measured on are taken.
    """
    measured = [row for row in rows if all(f"{VIEW}{row.name}" in found for found in (losses, *beside))]
    middle = median(row.tokens for row in measured)
    small = [row for row in measured if row.tokens < middle]

    def mean_of(members: Sequence[GroupShares]) -> float:
        return mean(losses[f"{VIEW}{row.name}"] for row in members) if members else float("nan")

    # Held-out sets are of a size each, so the corpus's own proportions have to be put back.
    whole = sum(row.tokens for row in measured)
    proportional = sum(losses[f"{VIEW}{row.name}"] * row.tokens for row in measured) / whole
    return {
        "mean of tasks": mean_of(measured),
        "mean of small tasks": mean_of(small),
        "all, as in the corpus": proportional,
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="the work folder of a build: a vocabulary, and shards/train")
    parser.add_argument("--steps", type=int, default=250, help="of each training; 0 prints the shares alone")
    parser.add_argument("--minutes", type=float, default=3.0, help="the most that one training takes")
    parser.add_argument("--tokens", type=int, default=4096, help="of a step")
    parser.add_argument("--documents", type=int, default=24, help="held-out rows of each task")
    parser.add_argument("--temperature", type=float, default=2.0)
    parser.add_argument("--max-epochs", type=float, default=4.0)
    parser.add_argument("--budget", type=int, help="predicted tokens of the run; those of the trainings if not given")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    corpus = RunCorpus.at(arguments.corpus)
    groups = document_groups(corpus.shards, "view")
    settings = RunSettings(
        arguments.steps,
        arguments.tokens,
        warmup=max(arguments.steps // 20, 1),
        documents=arguments.documents,
        threads=arguments.threads,
        minutes=arguments.minutes,
    ).short_of(corpus)
    budget = arguments.budget or settings.steps * settings.tokens or int(groups.tokens.sum())
    chosen = samplers(arguments.temperature, arguments.max_epochs, budget)
    losses: dict[str, Losses] = {}
    for name, mixture in chosen.items() if arguments.steps else ():
        losses[name], steps = trained_under(mixture, settings, corpus)
        if steps < arguments.steps:
            print(f"{name}: cut at {steps} of {arguments.steps} steps after {arguments.minutes:g} minutes")
    print(f"within {short_count(budget)} predicted tokens of {short_count(int(groups.tokens.sum()))} in the corpus:")
    print("\n".join(text_table(table(compared(groups, chosen, budget), losses))))


if __name__ == "__main__":
    wait_asleep()
    main()
