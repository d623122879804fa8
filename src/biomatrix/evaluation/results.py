"""The result of one benchmark, as the file that keeps it: everything needed to read it and to repeat it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from biomatrix.entities.files.json_files import read_object
from biomatrix.entities.files.writing import write_whole
from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.judged import Judged
from biomatrix.metrics.scores import Score
from biomatrix.tasks.benchmarks.benchmark import Benchmark, MetricUse
from biomatrix.tasks.benchmarks.published import published_scores

RESULT_FILE: Final = "result.json"
FORMAT: Final = 1


def scores_of(benchmark: Benchmark, found: Judged, difference: str = "") -> dict[str, Any]:
    """Return every score by name: the mean over the seeds, its spread and interval, and the counts of each seed.

    The metrics that the benchmark reports come first, in its order.

    Parameters
    ----------
    benchmark : Benchmark
    found : Judged
    difference : str
        Why no value may be put beside a published one, as where other data stand in; "" where some may.
    """
    reported = {metric.name: metric for metric in benchmark.metrics}
    names = [name for name in reported if name in found.names]
    names += [name for name in found.names if name not in reported]
    scores = {}
    for name in names:
        values = found.values(name)
        metric = reported.get(name)
        scores[name] = {
            "value": _mean(values),
            "spread": _spread(values) if len(values) > 1 else None,
            "interval": found.intervals[name].as_mapping(),
            "higher_is_better": None if metric is None else metric.higher_is_better,
            "published_scale": 1.0 if metric is None else metric.published_scale,
            "comparable": metric is not None and metric.comparable and not difference,
            "not_comparable_for": difference or _no_comparison(metric),
            "runs": [{"seed": run.seed, **_counts(run.scores.get(name))} for run in found.runs],
        }
    return scores


def _no_comparison(metric: MetricUse | None) -> str:
    """Return why a score has no published value to stand beside; "" where it may have one."""
    if metric is None:
        return "no metric that the benchmark reports"
    return "" if metric.comparable else "its published values rest on what is not public"


def _spread(values: Sequence[float]) -> float:
    """Return the standard deviation over the seeds: nothing at all where all agree, not what rounding leaves of it."""
    return 0.0 if len(set(values)) == 1 else float(np.std(values, ddof=1))


def published_of(benchmark: Benchmark) -> list[Mapping[str, Any]]:
    """Return the published numbers of a benchmark as JSON values."""
    return [
        {"table": one.table, "metric": one.metric, "model": one.model, "notation": one.notation, "value": one.value,
         "is_biomatrix": one.is_biomatrix, "is_best": one.is_best}
        for one in published_scores(benchmark.name)
    ]  # fmt: skip


def write_result(folder: Path, result: Mapping[str, Any]) -> None:
    """Write a result, whole or not at all; a number that is undefined becomes null."""
    text = json.dumps(plain(result), indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(folder / RESULT_FILE, text.encode("utf-8", "replace") + b"\n")


def read_result(path: Path) -> dict[str, Any]:
    """Return a result.

    Raises
    ------
    ConfigurationError
        The file is none.
    """
    content = read_object(path, ConfigurationError)
    missing = next((key for key in ("task", "model", "scores", "data", "settings") if key not in content), None)
    if missing is not None:
        raise ConfigurationError(f"not a result of an evaluation: it has no {missing!r}", file=str(path))
    if content.get("format") != FORMAT:
        raise ConfigurationError(
            f"a result of form {content.get('format')!r}; this version reads form {FORMAT}", file=str(path)
        )
    return content


def plain(value: Any) -> Any:
    """Return a value as JSON has it: NaN and infinities as null, arrays as lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return value
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Sequence):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int) else str(value)


def _counts(score: Score | None) -> dict[str, Any]:
    if score is None:
        return {"value": None}
    counts = {"n": score.n, "empty": score.empty, "unparsable": score.unparsable, "denominator": score.denominator}
    return {"value": score.value, **counts}


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan
