"""Answers of a GPU: greedy ones beside those of a CPU, and how many samples in bfloat16 decode."""

from __future__ import annotations

from typing import Any

from biomatrix.entities.automaton import Bounds
from biomatrix.generation.decoding import decode_jobs
from biomatrix.generation.jobs import Job
from biomatrix.generation.sampling import Sampling

REQUESTS = (
    "Make a molecule.", "Fold a protein.", "Make a molecule in 3D.", "Design a protein of 60 residues.", "A drug.",
    "Make a small aromatic molecule.", "A binder.", "Write one.",
)  # fmt: skip


def greedy(model: Any, name: str, count: int, budget: int) -> list[tuple[int, ...]]:
    """Return greedy answers to prompts of different lengths, all in one batch."""
    guide = model.vocabulary.automaton(name)
    start = model.vocabulary.start_id(name)
    prompts = [(*model.prompt_ids(f"{REQUESTS[row % len(REQUESTS)]} Number {row}."), start) for row in range(count)]
    jobs = [Job(prompt, 0, guide, guide.start(Bounds(budget)), budget, Sampling(greedy=True)) for prompt in prompts]
    return [row.ids for row in decode_jobs(model.engine._network, jobs, count)]


def agreement(one: list[tuple[int, ...]], other: list[tuple[int, ...]]) -> tuple[int, int]:
    """Return how many answers are the same, and how many ids were written alike before the first that differs."""
    alike = 0
    for first, second in zip(one, other, strict=True):
        pairs = list(zip(first, second, strict=False))
        alike += next((place for place, (a, b) in enumerate(pairs) if a != b), len(pairs))
    return sum(a == b for a, b in zip(one, other, strict=True)), alike


def faults(model: Any, name: str, count: int, request: str) -> dict[str, int]:
    """Return what is wrong with samples that are written in one draft, and how often."""
    counts = {"protein_structure": 64}
    answers = model.generate(request, name, counts.get(name), num_samples=count, drafts=1, seed=11)
    found: dict[str, int] = {}
    for answer in answers:
        fault = answer.error or ("" if answer.finish_reason == "stop" else "cut short")
        if fault:
            found[fault[:60]] = found.get(fault[:60], 0) + 1
    return found
