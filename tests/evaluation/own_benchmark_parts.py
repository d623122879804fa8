"""Two small benchmarks of our own: a number and a molecule; their loader and judge stand outside the package."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from time import sleep
from typing import Any

from biomatrix.entities import Molecule
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError
from biomatrix.evaluation.answering import Question, Reply
from biomatrix.metrics.scores import Score, Scores, mean_score
from biomatrix.progress import Progress
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example, Prediction

DEFINITIONS = """
[sources.own_rows]
licence = "CC0"
files = [
  { path = "test.jsonl", split = "test" },
  { path = "train.jsonl", split = "train" },
]

[sources.own_stand_in]
licence = "CC0"
files = [{ path = "test.jsonl", split = "test" }]

[prompts]
weigh = ["How many heavy atoms has {molecule}?", "Count the heavy atoms of {molecule}."]
copy = ["Write {molecule} once more.", "Repeat {molecule}."]

[benchmarks.own_count]
title = "Heavy atoms"
domain = "molecule"
modality = "1d"
category = "Own"
dataset = "Own"
prompts = "weigh"
answer = "{count}"
parser = "number"
data = { source = "own_rows", loader = "own_benchmark_parts:rows", split_rule = "as written" }
stand_ins = [
  { source = "own_stand_in", loader = "own_benchmark_parts:rows", split_rule = "as written", notes = "other rows" },
]
inputs = ["molecule"]
judge = "own_benchmark_parts:error"
metrics = [
  { name = "rmse", higher_is_better = false, resample = true },
  { name = "within_one", higher_is_better = true, published_scale = 100.0 },
  { name = "distinct", higher_is_better = true },
]
sft_group = "own-group"
published_test = 24
decoding = { max_new_tokens = 6 }

[benchmarks.own_copy]
title = "Copy"
domain = "molecule"
modality = "1d"
category = "Own"
dataset = "Own"
prompts = "copy"
answer = "{molecule}"
output = "molecule_smiles"
parser = "entity"
data = { source = "own_rows", loader = "own_benchmark_parts:rows", split_rule = "as written" }
inputs = ["molecule"]
judge = "own_benchmark_parts:same"
metrics = [{ name = "same", higher_is_better = true, best = 1.0 }]
decoding = { temperature = 1.0, num_samples = 2, max_new_tokens = 24 }
"""


def rows(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield a row for each line: a SMILES, and how many atoms it has."""
    path = folder / f"{split}.jsonl"
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        record = json.loads(line)
        try:
            molecule = Molecule.from_smiles(record["smiles"])
        except BioMatrixError as error:
            yield Reject.from_error(error, str(path), number + 1)
            continue
        yield Example(str(number), {"molecule": molecule}, (record["answer"],), molecule)


def error(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Judge numbers: a root of a mean, a mean, and a property of the answers as a set."""
    off = [
        float("nan") if one.fault else float(one.text) - float(example.references[0])
        for one, example in zip(predictions, examples, strict=True)
    ]
    stated = [each for each in off if not math.isnan(each)]
    rmse = math.sqrt(sum(each**2 for each in stated) / len(stated)) if stated else float("nan")
    unparsable = len(off) - len(stated)
    return {
        "rmse": Score(rmse, len(off), unparsable=unparsable, denominator=len(stated)),
        "within_one": mean_score([float(abs(each) <= 1) for each in off], unparsable=unparsable),
        "distinct": Score(len({one.text for one in predictions}) / len(off), len(off), denominator=len(off)),
    }


def same(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Judge copies."""
    pairs = zip(predictions, examples, strict=True)
    return {"same": mean_score([float(one.text == example.references[0]) for one, example in pairs])}


def guess(question: Question) -> str:
    """Answer with what depends on the question alone, and now and then with what nobody can read."""
    draw = Random(question.seed)
    if question.output is not None:
        return draw.choice(("CCO", "C1CC", "", str(question.example.references and "C")))
    right = int(question.example.references[0])
    return draw.choice((str(right), str(right), str(right + 1), str(right + 4), "no idea", "<script>alert(1)</script>"))


def fails_at_times(question: Question) -> str:
    """Raise for every third row."""
    if int(question.example.key) % 3 == 0:
        raise ValueError("not this one")
    return "3"


def always_fails(question: Question) -> str:
    """Raise."""
    raise ValueError("never")


def writes_megabytes(question: Question) -> str:
    """Answer at great length."""
    return "C" * 3_000_000


def hostile(question: Question) -> str:
    """Answer with markup, pipes, null characters and half a surrogate pair."""
    return "<script>alert('x')</script> | `a` \x00 \ud800 </td><img src=x onerror=alert(1)>"


def slow_guess(question: Question) -> str:
    """Answer as above, and take a while."""
    sleep(0.1)
    return guess(question)


def lacking(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Judge as above, and say that something is missing."""
    found = error(predictions, examples, settings)
    return {name: replace(score, reason="needs a set of scales") for name, score in found.items()}


def with_progress(question: Question) -> str:
    """Answer, and tell of work within."""
    Progress("within", 1, every=0.0).advance()
    return "C"


class Remembers:
    """An answerer of its own, which learns from the training rows and logs what it was asked together."""

    name = "remembers"

    def __init__(self) -> None:
        self.description = {"kind": "a class"}
        self.known: dict[str, str] = {}
        self.batches: list[int] = []

    def prepare(self, benchmark: Benchmark, training: Iterable[Example]) -> None:
        """Learn the answers."""
        self.known = {question_fields(example): example.references[0] for example in training}

    def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """Say what was learned."""
        self.batches.append(len(questions))
        return [Reply(self.known[question_fields(question.example)], logprob=-0.5) for question in questions]


def question_fields(example: Example) -> str:
    """Return the molecule of a row as a SMILES."""
    return str(example.fields["molecule"])
