"""Held-out bits a token by modality for several sizes of decoder, each with several budgets of training tokens.

    biomatrix corpus build recipes/nano_corpus_100m.toml --data DATA --output runs/nano_corpus_100m
    python benchmarks/scaling.py runs/nano_corpus_100m              # about 20 minutes of two cores
    python benchmarks/scaling.py CORPUS --quick                     # does everything run? figures mean nothing
    python benchmarks/scaling.py CORPUS --widths 96 192 320 512 --steps 500 2000 8000

The budgets of one size share their level part: a trunk is trained at a constant rate, and from it each budget branches
off with a decay of its own over its last fifth (``--decay``). What a branch learns is bit for bit what a run of its own
with that schedule would have learned. Sizes see the same batches in the same order.

Bits are of held-out documents, as many rows of each view and task, and counted by the modality that a token stands in.
Below the table stands a power law of decoder parameters (without the embedding) and tokens learned, for each modality
where one describes the runs; `training_runs/power_law.py` says when. Runs are kept in OUTPUT, so that finished ones are
read and a killed one goes on. The table is printed and written to OUTPUT/scaling.md, its values to OUTPUT/scaling.json.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean

import numpy as np
from training_runs.kept_runs import KeptRuns, RunFigures, logger, trained
from training_runs.options import add_options, chosen, end_cleanly
from training_runs.power_law import fit
from training_runs.settings import RunCorpus, RunSettings, recipe
from training_runs.studies import cell, write_down

from biomatrix.cli.plain_tables import markdown_table, short_count
from biomatrix.entities.files.folders import folder_written_aside
from biomatrix.processors import wait_asleep
from biomatrix.training.trackers import VIEW

MEAN = "mean of modalities"
QUICK = {"widths": [32, 64, 96], "steps": [4, 8, 12], "layers": 1, "documents": 2, "seeds": 1}


@dataclass(frozen=True)
class Sized:
    """One size and one budget, trained with each seed."""

    width: int
    steps: int
    runs: list[RunFigures]

    def bits(self, modality: str) -> list[float]:
        """Return the bits a token of each seed."""
        return [bits_of(run)[modality] for run in self.runs]


def bits_of(run: RunFigures) -> dict[str, float]:
    """Return held-out bits a token by modality, and their mean."""
    found = {name: one["bits"] for name, one in run.held_out.items() if name != "all" and not name.startswith(VIEW)}
    return found | {MEAN: fmean(found.values())}


def level_steps(steps: int, decay: float) -> int:
    """Return the step at which a budget leaves the level part: the last with the whole rate behind it."""
    return max(int((1 - decay) * steps), 1)


def budgets(
    settings: RunSettings, corpus: RunCorpus, runs: KeptRuns, steps: Sequence[int], decay: float
) -> Iterator[tuple[int, RunFigures]]:
    """Train one size with one seed; yield each budget with its figures, the smallest first.

    Parameters
    ----------
    settings : RunSettings
        Of the trunk, but for its steps.
    corpus : RunCorpus
    runs : KeptRuns
    steps : sequence of int
        The budgets.
    decay : float
        The share of a budget over which the rate falls.
    """
    size = f"{settings.width}-{settings.seed}"
    trunk = runs.place(f"trunk-{size}", replace(settings, steps=max(steps), decay=0.0), corpus, sorted(steps), decay)
    for budget in sorted(steps):
        branch = replace(settings, steps=budget, decay=decay)
        yield (
            budget,
            runs.run(
                f"branch-{size}-{budget}",
                branch,
                corpus,
                begin=partial(branch_off, trunk=trunk, settings=branch, corpus=corpus),
            ),
        )
    shutil.rmtree(trunk, ignore_errors=True)


def branch_off(output: Path, trunk: Path, settings: RunSettings, corpus: RunCorpus) -> None:
    """Train the trunk up to where a budget leaves it, and put its checkpoint there into the budget's folder."""
    level = replace(settings, steps=level_steps(settings.steps, settings.decay), decay=0.0)
    logger.info("trunk of width %d: up to step %d", settings.width, level.steps)
    trainer, result = trained(recipe(level, corpus, trunk), held_out={})
    trainer.close()
    output.mkdir(parents=True, exist_ok=True)
    with folder_written_aside(output / result.checkpoint.name) as part:
        shutil.copytree(result.checkpoint, part, dirs_exist_ok=True)


def table(rows: Sequence[Sized]) -> str:
    """Return the table of sizes and budgets as Markdown."""
    modalities = list(bits_of(rows[0].runs[0]))
    lines = [["decoder", "embedding", "steps", "tokens learned", *modalities]]
    for row in rows:
        run = row.runs[0]
        counts = [short_count(run.decoder), short_count(run.rows), f"{run.steps:,}", short_count(run.learned)]
        lines.append([*counts, *(cell(row.bits(name)) for name in modalities)])
    tokens = rows[0].runs[0].held_out
    lines.append(["held-out tokens", "", "", "", *(short_count(tokens[n]["tokens"]) for n in modalities[:-1]), ""])
    return markdown_table(lines)


def laws(rows: Sequence[Sized]) -> tuple[str, dict[str, dict[str, float | str]]]:
    """Return the power laws that describe the runs as Markdown, and all that were tried, with their faults."""
    runs = [run for row in rows for run in row.runs]
    sizes = np.array([run.decoder for run in runs], dtype=float)
    learned = np.array([run.learned for run in runs], dtype=float)
    lines = [["bits a token", "C", "a, of decoder parameters", "b, of tokens learned", "explained"]]
    faults: list[str] = []
    tried: dict[str, dict[str, float | str]] = {}
    for name in bits_of(runs[0]):
        try:
            law = fit(sizes, learned, np.array([bits_of(run)[name] for run in runs]))
        except ValueError as error:
            return f"No power law: {error}.", {}
        tried[name] = asdict(law) | {"fault": law.fault}
        if law.fault:
            faults.append(f"- {name}: no power law; {law.fault}")
            continue
        exponents = (f"{law.of_size:.3f} ± {law.size_error:.3f}", f"{law.of_data:.3f} ± {law.data_error:.3f}")
        lines.append([name, f"{law.constant:.3g}", *exponents, f"{law.explained:.1%}"])
    head = (
        "Bits = C / (N^a D^b), N decoder parameters, D tokens learned, ± one standard error. The last column is the "
        "share of the variance of log bits explained without the run in question. No forecast of other runs."
    )
    sound = [head, "", markdown_table(lines)] if len(lines) > 1 else []
    return "\n".join([*sound, *([""] if sound and faults else []), *faults]), tried


def saved_steps(widths: int, steps: Sequence[int], decay: float) -> str:
    """Return what branching spared, in words."""
    levels = [level_steps(budget, decay) for budget in steps]
    done = max(levels) + sum(budget - level for budget, level in zip(steps, levels, strict=True))
    return (
        f"Budgets of one size branch off one level run and decay over their last {decay:.0%}: "
        f"{widths * done:,} steps a seed in place of {widths * sum(steps):,}."
    )


def main() -> None:
    """Train every size and budget, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="the work folder of a build: a vocabulary, and shards/train")
    parser.add_argument("--widths", type=int, nargs="+", default=[96, 192, 320], help="of decoders, multiples of 32")
    parser.add_argument("--steps", type=int, nargs="+", default=[300, 600, 1200], help="budgets, each a whole run")
    parser.add_argument("--decay", type=float, default=0.2, help="share of a budget over which the rate falls")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each size and budget")
    add_options(parser, output="runs/scaling", documents=24)
    given = chosen(parser.parse_args(), QUICK)
    corpus, runs = RunCorpus.at(given.corpus), KeptRuns(given.output / "runs")
    steps = sorted(set(given.steps))
    found: Mapping[tuple[int, int], list[RunFigures]] = {(w, s): [] for w in sorted(set(given.widths)) for s in steps}
    for number, (width, seed) in enumerate([(w, s) for w in sorted(set(given.widths)) for s in range(given.seeds)], 1):
        logger.info("size %d of %d: width %d, seed %d", number, len(set(given.widths)) * given.seeds, width, seed)
        settings = RunSettings(
            max(steps),
            given.tokens,
            width,
            given.layers,
            given.rate,
            warmup=max(min(steps) // 10, 1),
            seed=seed,
            documents=given.documents,
            threads=given.threads,
        )
        for budget, run in budgets(settings, corpus, runs, steps, given.decay):
            found[width, budget].append(run)
    rows = [Sized(width, budget, figures) for (width, budget), figures in found.items()]
    law, tried = laws(rows)
    text = "\n\n".join([table(rows), saved_steps(len(set(given.widths)), steps, given.decay), law]) + "\n"
    values = {"settings": vars(given), "corpus": corpus.shards.fingerprint, "laws": tried}
    values["runs"] = [asdict(row) for row in rows]
    write_down(given.output, "scaling", text, json.dumps(values, indent=1, default=str))
    print(text)


if __name__ == "__main__":
    wait_asleep()
    with end_cleanly():
        main()
