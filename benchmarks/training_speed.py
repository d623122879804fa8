"""Tokens per second of our training loop against the stock Trainer of Transformers, turn by turn in one run.

    python benchmarks/training_speed.py
    python benchmarks/training_speed.py --turns 1 --steps 2 --warm-up 1 --no-compile
    python benchmarks/training_speed.py --corpus runs/nano_corpus/shards/train --vocabulary-size 6784

The same model (nano's sizes), the same documents, AdamW and the same precision for all, bfloat16 autocast where the
processor has instructions for it; only labels that count are counted, never padding. The stock Trainer stands three
times, each with its best settings for a CPU (eager attention, fused AdamW, freed memory kept in the process as in our
loop, no workers, nothing saved or reported):

  padded    documents at random, padded to the longest of a batch
  grouped   ``train_sampling_strategy="group_by_length"``, padded
  packed    several documents a row, the longest first, kept apart by position_ids; rows of one length, and with
            --compile-stock the whole step compiled for it

Rows of a batch are chosen for each so that a step has about as many tokens as ours. Each contestant is a process of its
own that warms up and then waits; turns alternate, so what else the machine does falls on all alike. The median turn
counts, by the clock and by processor time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from gpu_settings import Names
from timing import verdict

STOCK = ("padded", "grouped", "packed")
TARGETS = {"padded": 1.5, "best of grouped and packed": 1.2}


class Documents:
    """Documents whose lengths spread as nano's do (median about 90 tokens, at most 512), with random ids."""

    def __init__(self, number: int, vocabulary: int, longest: int) -> None:
        generator = np.random.default_rng(0)
        lengths = np.exp(generator.normal(np.log(90), 0.75, number)).astype(np.int64)
        self.lengths = np.clip(lengths, 8, longest)
        self.vocabulary = vocabulary

    def document(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        n = int(self.lengths[index])
        ids = np.random.default_rng([1, index]).integers(4, self.vocabulary, n)
        return ids, np.ones(n, np.float32)


def documents(args: argparse.Namespace) -> Any:
    """Return the documents of a corpus folder, or synthetic ones."""
    if args.corpus is None:
        return Documents(args.documents, args.vocabulary_size, args.longest)
    from biomatrix.corpus.shards import TokenShards

    return TokenShards(args.corpus)


def recipe(args: argparse.Namespace, folder: Path) -> Any:
    """Return nano's recipe, with the sizes asked for."""
    from biomatrix.training.config import Recipe

    return Recipe.model_validate(
        {
            "model": {"vocabulary": "unused", "initialisation": "random"},
            "data": {"train": "unused"},
            "batches": {"tokens": args.tokens, "max_length": args.longest},
            "run": {
                "output": str(folder),
                "max_steps": 1_000_000,
                "precision": args.precision,
                "attention": "eager",
                "compile": args.compile,
                "threads": args.threads,
            },
        }
    )


def turn(tokens: int, wall: float, processor: float) -> None:
    """Tell the parent what a turn came to, and wait for the next; end where there is none."""
    print(json.dumps({"tokens": tokens, "wall": wall, "processor": processor}), flush=True)
    wait()


def wait() -> None:
    if not sys.stdin.readline():
        os._exit(0)  # the run is over, in the middle of a training loop


def ours(args: argparse.Namespace, folder: Path) -> None:
    """Take turns with our loop."""
    from biomatrix.training.loop import Trainer
    from biomatrix.training.model import build_model

    settings, names = recipe(args, folder), Names(args.vocabulary_size)
    model = build_model(settings.model, names, settings.run)  # type: ignore[arg-type]
    run = Trainer(settings, model, names, documents(args))  # type: ignore[arg-type]
    run.wrapped.train()
    for _ in range(args.warm_up):
        run._step(0.5)
    turn(0, 0.0, 0.0)
    while True:
        wall, processor = time.perf_counter(), time.process_time()
        tokens = sum(run._step(0.5)[3] for _ in range(args.steps))
        turn(tokens, time.perf_counter() - wall, time.process_time() - processor)


def stock(way: str, args: argparse.Namespace, folder: Path) -> None:
    """Take turns with the stock Trainer."""
    import torch
    from transformers import Trainer, TrainerCallback, TrainingArguments

    from biomatrix.corpus.packing import pack
    from biomatrix.training.loop import prepare_host
    from biomatrix.training.model import build_model
    from biomatrix.training.precision import computes_in_bf16

    settings = recipe(args, folder)
    prepare_host(settings.run)
    model: Any = build_model(settings.model, Names(args.vocabulary_size), settings.run)  # type: ignore[arg-type]
    model.config.use_cache = False
    source = documents(args)
    counted = [0]

    lengths = np.minimum(source.lengths, args.longest)
    rows = pack(lengths, args.longest) if way == "packed" else [[index] for index in range(len(lengths))]

    class Rows(torch.utils.data.Dataset[dict[str, Any]]):
        def __len__(self) -> int:
            return len(rows)

        def __getitem__(self, index: int) -> dict[str, Any]:
            ids, labels, positions = list[int](), list[int](), list[int]()
            for number in rows[index]:
                document = source.document(number)[0][: args.longest].tolist()
                ids, labels = ids + document, [*labels, -100, *document[1:]]
                positions += range(len(document))
            return {"input_ids": ids, "labels": labels, "position_ids": positions}

    def collate(rows: list[dict[str, Any]]) -> dict[str, Any]:
        width = args.longest if way == "packed" else max(len(row["input_ids"]) for row in rows)
        names = ("input_ids", "labels", "position_ids")
        batch = {name: torch.full((len(rows), width), -100 if name == "labels" else 0) for name in names}
        for r, row in enumerate(rows):
            n = len(row["input_ids"])
            for name in names:
                batch[name][r, :n] = torch.tensor(row[name])
            # Padding counts on, or it would look like documents of one token.
            batch["position_ids"][r, n:] = row["position_ids"][-1] + 1 + torch.arange(width - n)
        counted[0] += int((batch["labels"] >= 0).sum())
        if way != "packed":
            batch.pop("position_ids")  # causal attention never sees the padding behind
        return batch

    class Turns(TrainerCallback):
        began = (0.0, 0.0)

        def on_step_end(self, arguments: Any, state: Any, control: Any, **more: Any) -> None:
            done = state.global_step - args.warm_up
            if done >= 0 and done % args.steps == 0:
                wall, processor = time.perf_counter() - self.began[0], time.process_time() - self.began[1]
                turn(counted[0] if done else 0, wall, processor)
                counted[0] = 0
                self.began = (time.perf_counter(), time.process_time())

    sampling = "group_by_length" if way == "grouped" else "random"
    arguments = TrainingArguments(
        output_dir=str(folder), max_steps=1_000_000, per_device_train_batch_size=rows_of_a_batch(way, source, args),
        learning_rate=2e-3, optim="adamw_torch_fused", max_grad_norm=1.0, bf16=computes_in_bf16(settings.run),
        logging_steps=20, use_cpu=not torch.cuda.is_available(), save_strategy="no", report_to=[],
        remove_unused_columns=False,
        disable_tqdm=True, train_sampling_strategy=sampling, dataloader_pin_memory=False,
        torch_compile=args.compile_stock and way == "packed",
    )  # fmt: skip
    Trainer(model=model, args=arguments, train_dataset=Rows(), data_collator=collate, callbacks=[Turns()]).train()


def rows_of_a_batch(way: str, source: Any, args: argparse.Namespace) -> int:
    """Return how many documents fill about as many tokens a step as ours, padding included where there is any."""
    lengths = np.minimum(source.lengths, args.longest)
    if way == "packed":
        return max(1, args.tokens // args.longest)
    if way == "grouped":
        return max(1, round(args.tokens / float(lengths.mean())))
    generator = np.random.default_rng(0)
    for rows in range(1, args.tokens):
        drawn = lengths[generator.integers(0, len(lengths), (200, rows))]
        if rows * float(drawn.max(axis=1).mean()) > args.tokens:
            return max(1, rows - 1)
    return args.tokens


class Contestant:
    """A process that trains when told to."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.turns = name, list[dict[str, float]]()
        environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
        command = [sys.executable, *sys.argv, "--contestant", name, "--folder", str(folder / name)]
        self.log = (folder / f"{name}.log").open("w+")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, env=environment
        )
        self._read()  # warmed up

    def take_turn(self) -> dict[str, float]:
        assert self.process.stdin
        self.process.stdin.write("turn\n")
        self.process.stdin.flush()
        self.turns.append(self._read())
        return self.turns[-1]

    def end(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.log.close()

    def rate(self, clock: str) -> float:
        """Return the median over turns of tokens per second, by a clock."""
        return median(one["tokens"] / max(one[clock], 1e-9) for one in self.turns)

    def _read(self) -> dict[str, float]:
        assert self.process.stdout
        for line in self.process.stdout:
            if line.startswith('{"tokens"'):
                told: dict[str, float] = json.loads(line)
                return told
        self.log.seek(0)
        raise SystemExit(f"{self.name} ended: {self.log.read()[-2000:]}")


def report(contestants: list[Contestant]) -> bool:
    """Print a line for each contestant, then the targets."""
    mine = contestants[0]
    for one in contestants:
        share = ", ".join(
            f"ours {mine.rate(clock) / one.rate(clock):.2f} times as fast by {word}"
            for clock, word in (("wall", "the clock"), ("processor", "processor time"))
        )
        speeds = f"{one.rate('wall'):8,.0f} tokens/s  {one.rate('processor'):8,.0f} per processor second"
        print(f"{one.name:>8}  {speeds}  {share}")
    rates = {one.name: one.rate("processor") for one in contestants}
    peers = {"padded": rates["padded"], "best of grouped and packed": max(rates["grouped"], rates["packed"])}
    met = [
        verdict(f"speed against {name}, by processor time", rates["ours"] / peers[name], target, "times", at_most=False)
        for name, target in TARGETS.items()
    ]
    return all(met)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10, help="optimiser steps of a turn")
    parser.add_argument("--warm-up", type=int, default=20, help="steps before the first turn")
    parser.add_argument("--tokens", type=int, default=4096, help="of a step")
    parser.add_argument("--longest", type=int, default=512)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--vocabulary-size", type=int, default=6784)
    parser.add_argument("--corpus", type=Path, help="a folder of token shards, in place of synthetic documents")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=("auto", "bf16", "fp32"), default="auto")
    parser.add_argument("--no-compile", dest="compile", action="store_false", help="our loop without compiled layers")
    parser.add_argument("--compile-stock", action="store_true", help="torch_compile for the packed stock Trainer")
    parser.add_argument("--contestant", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.contestant == "ours":
        ours(args, args.folder)
    elif args.contestant:
        stock(args.contestant, args, args.folder)
    with tempfile.TemporaryDirectory() as folder:
        contestants = [Contestant(name, Path(folder)) for name in ("ours", *STOCK)]
        for number in range(args.turns):
            for one in contestants:
                told = one.take_turn()
                print(f"turn {number + 1} {one.name:>8}  {told['tokens'] / told['wall']:8,.0f} tokens/s", flush=True)
        met = report(contestants)
        for one in contestants:
            one.end()
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
