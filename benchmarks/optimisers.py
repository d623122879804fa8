"""AdamW, Muon, averaged weights, the z-loss and the spike guard on one corpus: held-out bits a token by modality.

    python benchmarks/optimisers.py                                     # a small corpus of ../shared/data; 15 minutes
    python benchmarks/optimisers.py --corpus runs/nano_corpus --tokens 2_000_000 --seeds 2
    python benchmarks/optimisers.py --only "(adamw|muon) [0-9].*"       # their rates alone
    python benchmarks/optimisers.py --quick                             # a dry run of under a minute

One small Qwen3 is trained from the same weights on the same tokens under each setting, warm-up, level, linear decay:

  adamw RATE, muon RATE   at a few rates each; Muon moves hidden matrices, and AdamW at its middle rate the rest
  ... averaged            the moving average of the same run (AdamW at its middle rate)
  level, averaged         the rate is held level to the end, which an average should make up for
  z-loss                  with 1e-4
  corrupt                 some steps learn from random ids, as of a damaged shard
  corrupt, guarded        the same steps, with the spike guard

Without ``--tokens``, a run takes as many as ``--minutes`` allow for all of them, judged by a trial of a few steps. With
several seeds the mean is printed, and half the range between them. Differences within that range say nothing.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from biomatrix.cli.plain_tables import short_count, text_table
from biomatrix.processors import wait_asleep
from biomatrix.training import Recipe, Trainer
from biomatrix.training.batches import Batch
from biomatrix.training.pretraining import open_run
from biomatrix.training.trackers import VIEW

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SOURCES = ("qm7_gdb7", "moleculenet_lipo", "chains", "proteome_bsubtilis", "pubmedqa")
QUICK_SOURCES = ("moleculenet_freesolv", "peer_membrane", "pubmedqa")
VIEWS = {
    "molecule_smiles": 1.0, "molecule_selfies": 1.0, "molecule_structure": 1.0, "protein_sequence": 1.0,
    "protein_structure": 1.0, "text": 1.0,
}  # fmt: skip
TRIAL_STEPS, CORRUPT_SHARE, Z_WEIGHT, GUARD = 8, 0.02, 1e-4, 3.0


@dataclass(frozen=True)
class Contestant:
    """One setting: sections of a recipe that differ, and whether some batches are corrupt."""

    name: str
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    corrupt: bool = False
    averaged: bool = False


def contestants(adamw: list[float], muon: list[float], steps: int) -> list[Contestant]:
    """Return the settings to compare."""
    middle = sorted(adamw)[len(adamw) // 2]
    chosen = {"optimiser": {"peak_lr": middle}}
    average = {"averaging": {"steps": max(steps / 20, 2.0), "start": steps // 4}}
    guarded = {"stability": {"spike_multiple": GUARD, "spike_limit": max(steps // 4, 10)}}
    return [
        *(
            Contestant(
                f"adamw {rate:g}",
                {"optimiser": {"peak_lr": rate}, **(average if rate == middle else {})},
                averaged=rate == middle,
            )
            for rate in adamw
        ),
        *(
            Contestant(f"muon {rate:g}", {"optimiser": {"name": "muon", "muon_lr": rate, "peak_lr": middle}})
            for rate in muon
        ),
        Contestant("adamw level", {"optimiser": {"peak_lr": middle, "shape": "constant"}, **average}, averaged=True),
        Contestant("adamw z-loss", {**chosen, "stability": {"z_loss": Z_WEIGHT}}),
        Contestant("adamw corrupt", chosen, corrupt=True),
        Contestant("adamw corrupt, guarded", {**chosen, **guarded}, corrupt=True),
    ]


def chosen(args: argparse.Namespace, steps: int) -> list[Contestant]:
    """Return the settings that are trained."""
    return [one for one in contestants(args.adamw, args.muon, steps) if re.fullmatch(args.only or ".*", one.name)]


class CorruptStream:
    """A stream of batches, of which some, known by their number, hold random ids."""

    def __init__(self, stream: Any, numbers: set[int], rows: int) -> None:
        self._stream, self._numbers, self._rows, self._count = stream, numbers, rows, 0

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        batch: Batch = next(self._stream)
        self._count += 1
        if self._count - 1 not in self._numbers:
            return batch
        generator = np.random.default_rng(self._count)
        ids = generator.integers(0, self._rows, batch.input_ids.shape)
        return replace(batch, input_ids=ids, labels=np.roll(ids, -1, axis=1))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def corrupt_steps(steps: int) -> set[int]:
    """Return the steps that learn from noise: pairs spread over the run, none at its start or in its last tenth."""
    pairs = max(1, round(steps * CORRUPT_SHARE / 2))
    firsts = np.linspace(0.4 * steps, 0.85 * steps, pairs).astype(int)
    return {int(first) + i for first in firsts for i in range(2)}


def recipe(args: argparse.Namespace, shards: Path, output: Path, steps: int, seed: int, one: Contestant) -> Recipe:
    """Return the recipe of one training."""
    heads = max(args.hidden // 32, 2)
    values: dict[str, dict[str, Any]] = {
        "model": {
            "vocabulary": str(args.corpus / "vocabulary"), "hidden_size": args.hidden, "num_layers": args.layers,
            "intermediate_size": 3 * args.hidden, "num_heads": heads, "num_kv_heads": heads // 2 or 1,
            "head_dim": 32, "initialisation": "random",
        },
        "data": {"train": str(shards)},
        "batches": {"tokens": args.step_tokens, "max_length": 512},
        "optimiser": {"warmup_steps": max(steps // 20, 1)},
        "run": {
            "output": str(output), "max_steps": steps, "seed": seed, "evaluate_every": steps + 1,
            "evaluate_documents": args.documents, "save_every": steps + 1, "log_every": max(steps // 4, 1),
            "threads": args.threads,
        },
        "log": {"peak_tflops": 1.0},
    }  # fmt: skip
    for section, change in one.changes.items():
        values[section] = {**values.get(section, {}), **change}
    return Recipe.model_validate(values)


def opened(args: argparse.Namespace, output: Path, steps: int, seed: int, one: Contestant) -> Trainer:
    """Open one training."""
    shards = args.corpus / "shards" / "train"
    run = open_run(recipe(args, shards, output, steps, seed, one))
    if one.corrupt:
        stream: Any = CorruptStream(run.stream, corrupt_steps(steps), len(run.vocabulary))
        run.stream = stream
    return run


def trained(args: argparse.Namespace, steps: int, seed: int, one: Contestant) -> dict[str, dict[str, float]]:
    """Train once; return held-out bits by modality for the setting, and for its average where it keeps one."""
    with tempfile.TemporaryDirectory() as folder:
        run = opened(args, Path(folder), steps, seed, one)
        begun = time.perf_counter()
        result = run.train()
        more = {"skipped": run.state.norms.skipped, "seconds": time.perf_counter() - begun, "tokens": run.state.tokens}
        run.close()
    found = {one.name: bits(result.held_out) | more}
    if one.averaged:
        found[f"{one.name}, averaged"] = bits(result.held_out_averaged) | more
    return found


def bits(losses: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return bits a token by modality, and their mean, in which each modality counts alike."""
    by_modality = {n: told["bits"] for n, told in losses.items() if n != "all" and not n.startswith(VIEW)}
    return {**by_modality, "mean": mean(by_modality.values())}


def steps_for(args: argparse.Namespace, runs: int) -> int:
    """Return the steps of a run: of the tokens asked for, or as many as the time allows by a short trial."""
    if args.tokens:
        return max(args.tokens // args.step_tokens, 4)
    with tempfile.TemporaryDirectory() as folder:
        run = opened(args, Path(folder), 1000, 0, Contestant("trial"))
        run.wrapped.train()
        run._step(0.0)
        begun = time.perf_counter()
        for _ in range(TRIAL_STEPS):
            run._step(0.0)
        seconds = (time.perf_counter() - begun) / TRIAL_STEPS
        held = time.perf_counter()
        run._evaluate()
        overhead = 2.0 + time.perf_counter() - held
        run.close()
    return max(int((60 * args.minutes / runs - overhead) / seconds), 20)


def built(args: argparse.Namespace) -> Path:
    """Build a small corpus of the data folder, beside what was built before; return its work folder."""
    from biomatrix.corpus.build import build_corpus
    from biomatrix.corpus.recipe import CorpusRecipe

    sources: list[dict[str, Any]] = [{"name": name} for name in (QUICK_SOURCES if args.quick else SOURCES)]
    for source in sources:
        if source["name"].startswith("moleculenet"):
            source["embed"] = 0.0  # conformers take most of the time of a build
    views = {name: VIEWS[name] for name in VIEWS if not args.quick or "structure" not in name}
    settings = {
        "name": "optimisers", "sources": sources, "views": views, "max_tokens": 512, "held_out_documents": 100,
        "vocabulary": {"text_entries": 1000},
    }  # fmt: skip
    folder = args.work or Path(tempfile.gettempdir()) / f"biomatrix_optimisers{'_quick' * args.quick}"
    build_corpus(CorpusRecipe.model_validate(settings), args.data, folder)
    return Path(folder)


def table(found: dict[str, list[dict[str, float]]]) -> list[list[str]]:
    """Return the rows of the table, its heads first."""
    names = list(dict.fromkeys(name for runs in found.values() for run in runs for name in run))
    parts = [name for name in names if name not in ("skipped", "seconds", "tokens")]
    rows = [["setting", *parts, "left out", "seconds"]]
    for setting, runs in found.items():
        cells = []
        for part in parts:
            values = [run[part] for run in runs]
            spread = f" ±{(max(values) - min(values)) / 2:.3f}" if len(values) > 1 else ""
            cells.append(f"{mean(values):.3f}{spread}")
        rows.append(
            [setting, *cells, f"{mean(run['skipped'] for run in runs):g}", f"{mean(r['seconds'] for r in runs):.0f}"]
        )
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, help="the work folder of biomatrix corpus build; a small one if none")
    parser.add_argument("--data", type=Path, default=DATA, help="the data folder that a small corpus is built of")
    parser.add_argument("--work", type=Path, help="where a small corpus is built, and found again")
    parser.add_argument("--hidden", type=int, default=128, help="width of the decoder, a multiple of 32")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--tokens", type=int, help="of each training; as --minutes allow if not given")
    parser.add_argument("--minutes", type=float, default=15.0, help="of all trainings together")
    parser.add_argument("--step-tokens", type=int, default=4096)
    parser.add_argument("--documents", type=int, default=48, help="held-out rows of each view or task")
    parser.add_argument("--adamw", type=float, nargs="+", default=[1e-3, 2e-3, 4e-3], help="rates")
    parser.add_argument("--muon", type=float, nargs="+", default=[2e-3, 4e-3, 8e-3], help="rates")
    parser.add_argument(
        "--only", metavar="PATTERN", help="train the settings with such a name, as '(adamw|muon) [0-9].*'"
    )
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each setting")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="a file for the figures of every training")
    parser.add_argument("--quick", action="store_true", help="see that all of it runs, in under a minute")
    args = parser.parse_args()
    logging.basicConfig(level=logging.WARNING if args.quick else logging.INFO, format="%(asctime)s %(message)s")
    if args.quick:
        args.hidden, args.layers, args.step_tokens, args.documents = 32, 1, 512, 2
        args.tokens, args.adamw, args.muon = 20 * 512, args.adamw[:2], args.muon[:1]
    args.corpus = args.corpus or built(args)
    number = len(chosen(args, 100)) * args.seeds
    if not number:
        parser.error(f"no setting has a name like {args.only!r}")
    steps = steps_for(args, number)
    found: dict[str, list[dict[str, float]]] = {}
    for seed in range(args.seeds):
        for one in chosen(args, steps):
            for name, figures in trained(args, steps, seed, one).items():
                found.setdefault(name, []).append(figures)
    tokens = short_count(steps * args.step_tokens)
    print(
        f"held-out bits a token, lower is better: {steps} steps, {tokens} places, {args.seeds} seed(s), "
        f"{args.hidden} wide, {args.layers} layers; steps of noise where corrupt: {len(corrupt_steps(steps))}"
    )
    print("\n".join(text_table(table(found))))
    if args.json:
        args.json.write_text(json.dumps({"steps": steps, "settings": vars(args), "runs": found}, indent=1, default=str))


if __name__ == "__main__":
    wait_asleep()
    main()
