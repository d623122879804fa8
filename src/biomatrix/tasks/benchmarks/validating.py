"""Does a benchmark work: its data load, its prompts fill, its gold answers read back and score the best there is?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ConfigurationError, UnsupportedError
from biomatrix.metrics.scores import Scores
from biomatrix.tasks.benchmarks.answers import gold_answer, prediction_of
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.definition_faults import definition_faults
from biomatrix.tasks.benchmarks.downloads.data_cache import folder_in
from biomatrix.tasks.benchmarks.examples import Example, Prediction
from biomatrix.tasks.benchmarks.judging import judge, requirement
from biomatrix.tasks.benchmarks.loading import load_examples
from biomatrix.tasks.benchmarks.notations import SELFIES, SMILES, in_notation
from biomatrix.tasks.benchmarks.sample_data import sample_folder
from biomatrix.tasks.benchmarks.wording import Wording, question_parts

MOST_EXAMPLES: Final = 200
"""The most examples of a benchmark that are gone through."""
TOLERANCE: Final = 5e-3
"""How far from the best value gold answers may stay: METEOR of a perfect answer is just below 1."""

WordingCheck = Callable[[Wording], str | None]
"""Returns what is wrong with a question's constraints, None where nothing is."""


@dataclass(frozen=True)
class Validation:
    """What was found of one benchmark.

    Parameters
    ----------
    name : str
    data : str
        What it was validated on, in words.
    examples, rejects : int
        Rows that were read, and rows that could not be.
    gold : int
        Gold answers that were read back and judged.
    faults : tuple of str
    missing : str
        What its judge needs and does not find; "" where nothing is missing.
    """

    name: str
    data: str
    examples: int = 0
    rejects: int = 0
    gold: int = 0
    faults: tuple[str, ...] = ()
    missing: str = ""


def validate_benchmark(
    benchmark: Benchmark,
    folder: Path | None = None,
    source: str | None = None,
    *,
    split: str = "test",
    check: WordingCheck | None = None,
) -> Validation:
    """Return what was found of a benchmark.

    Parameters
    ----------
    benchmark : Benchmark
    folder : Path, optional
        A local copy of the data, or one that holds it in a folder named like its source; the sample that comes with
        the package when not given.
    source : str, optional
        The data set, among those that stand in; the official one when not given.
    split : str
    check : callable, optional
        Judges the constraints of each question.
    """
    faults = list(definition_faults(benchmark))
    if faults:
        return Validation(benchmark.name, "its definition", faults=tuple(faults))
    data = benchmark.data_set(source)
    where = f"its official-format sample ({data.source.name})" if folder is None else f"{data.source.name} in {folder}"
    try:
        place = sample_folder(data) if folder is None else folder_in(folder, data.source.name)
        rows = list(islice(load_examples(data, place, split), MOST_EXAMPLES))
    except BioMatrixError as error:
        return Validation(benchmark.name, where, faults=(*faults, f"its data do not load: {error.describe()}"))
    examples = [row for row in rows if isinstance(row, Example)]
    faults += [] if examples else [f"no row of the split {split!r} can be read"]
    faults += _wording_faults(benchmark, examples, check)
    missing, gold = "", 0
    for notation in _notations(benchmark):
        found, gold, missing = _gold_faults(benchmark, examples, notation)
        faults += found
    rejects = sum(isinstance(row, Reject) for row in rows)
    return Validation(
        benchmark.name, where, len(examples), rejects, gold, tuple(dict.fromkeys(faults)), missing
    )  # fmt: skip


def _notations(benchmark: Benchmark) -> tuple[str, ...]:
    """Return the notations in which the answers differ."""
    output = benchmark.task.output
    differs = output is not None and in_notation(output, SELFIES) != in_notation(output, SMILES)
    return (SMILES, SELFIES) if differs else (SMILES,)


def _wording_faults(benchmark: Benchmark, examples: Sequence[Example], check: WordingCheck | None) -> Iterator[str]:
    for example in examples:
        for paraphrase in range(len(benchmark.task.prompts)):
            try:
                wording = question_parts(benchmark, example, SMILES, paraphrase=paraphrase)
            except BioMatrixError as error:
                yield f"example {example.key} cannot be asked: {error.describe()}"
                break
        else:
            fault = None if check is None else check(wording)
            if fault is not None:
                yield f"example {example.key}: {fault}"


def _gold_faults(benchmark: Benchmark, examples: Sequence[Example], notation: str) -> tuple[list[str], int, str]:
    """Return the faults of gold answers read back, how many were judged, and what the judge lacks."""
    pairs: list[tuple[Prediction, Example]] = []
    faults = []
    for example in examples:
        try:
            raw = gold_answer(benchmark, example, notation)
        except UnsupportedError:  # the notation cannot say it, so that no model can answer it
            continue
        except BioMatrixError as error:
            faults.append(f"the gold answer of example {example.key} cannot be written: {error.describe()}")
            continue
        if raw is not None:
            prediction = prediction_of(benchmark, raw, notation=notation, example=example)
            pairs.append((prediction, example))
            if prediction.fault:
                faults.append(f"the gold answer of example {example.key} does not read back: {prediction.fault}")
    asked = [each for _, each in pairs] or list(examples)
    given = [each for each, _ in pairs] or [Prediction("", None, "an empty answer")] * len(examples)
    try:
        scores = judge(benchmark, given, asked)
    except ConfigurationError as error:
        return faults, len(pairs), error.message
    except (BioMatrixError, ValueError) as error:
        return [*faults, f"its judge fails: {error}"], len(pairs), ""
    lacking = {metric.name: requirement(benchmark.judge, metric.name) for metric in benchmark.metrics}
    faults += _score_faults(benchmark, scores, lacking, judged=bool(pairs))
    return faults, len(pairs), "; ".join(dict.fromkeys(filter(None, lacking.values())))


def _score_faults(benchmark: Benchmark, scores: Scores, lacking: Mapping[str, str], *, judged: bool) -> Iterator[str]:
    for metric in benchmark.metrics:
        score = scores.get(metric.name)
        if lacking[metric.name]:
            continue
        if score is None:
            yield f"its judge gives no {metric.name!r}, only {', '.join(scores)}"
        elif judged and metric.best is not None and not math.isclose(score.value, metric.best, abs_tol=TOLERANCE):
            yield f"gold answers score {metric.name} = {score.value:.4g}, not {metric.best:g}"
