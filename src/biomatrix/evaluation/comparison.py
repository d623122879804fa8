"""Results side by side: models, the floors of baselines, the published numbers, each where it may be compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.notes import NOT_OFFICIAL
from biomatrix.evaluation.opening import BASELINE
from biomatrix.evaluation.results import RESULT_FILE, read_result
from biomatrix.tasks.benchmarks.registry import benchmarks

NO_FLOOR: Final = "no floor known"
BELOW: Final = "below floor"


@dataclass(frozen=True)
class Run:
    """A result and the folder it lies in."""

    folder: Path
    result: Mapping[str, Any]

    @property
    def label(self) -> str:
        """The model for tables, with the notation where it is not SMILES."""
        name = str(self.result["model"]["name"])
        notation = self.result["settings"].get("notation", "smiles")
        return name if notation == "smiles" else f"{name} ({notation})"

    @property
    def is_floor(self) -> bool:
        """Whether it is a baseline's."""
        return str(self.result["model"]["name"]).startswith(BASELINE)


@dataclass(frozen=True)
class Value:
    """A value in the scale of the published table; NaN where there is none."""

    value: float
    low: float = math.nan
    high: float = math.nan
    spread: float = math.nan


@dataclass(frozen=True)
class Published:
    """A printed number."""

    model: str
    notation: str
    value: float


@dataclass(frozen=True)
class Line:
    """One metric of one task on one set of rows.

    Parameters
    ----------
    task, title, domain, metric : str
    higher_is_better : bool
    values : mapping of str to Value
        By model, the floors among them.
    floors : tuple of str
        Which of them are floors.
    marks : tuple of str
        What keeps the values from being those of the benchmark: other data, fewer rows.
    best : Published, optional
        The best number of the report; None where there is none, or it may not be compared.
    biomatrix : tuple of Published
        The report's own models; empty likewise.
    without_leaked : mapping of str to Value
        By model, over the rows that no training data held.
    """

    task: str
    title: str
    domain: str
    metric: str
    higher_is_better: bool
    values: Mapping[str, Value]
    floors: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    best: Published | None = None
    biomatrix: tuple[Published, ...] = ()
    without_leaked: Mapping[str, Value] = field(default_factory=dict)

    @property
    def is_official(self) -> bool:
        """Whether the values are of the official data."""
        return not any(mark.startswith(NOT_OFFICIAL) for mark in self.marks)

    @property
    def best_floor(self) -> str | None:
        """The floor that is hardest to reach; None where there is none."""
        known = [name for name in self.floors if not math.isnan(self.values[name].value)]
        return max(known, key=lambda name: self._goodness(self.values[name].value), default=None)

    def verdict(self, model: str) -> str:
        """Return in a word how a model stands to the floors."""
        floor, mine = self.best_floor, self.values[model]
        if floor is None:
            return NO_FLOOR
        name = floor.removeprefix(BASELINE)
        if math.isnan(mine.value):
            return f"{BELOW} ({name}): no value"
        lowest = self.values[floor].value
        above = [each for each in self.floors if self._goodness(mine.value) < self._goodness(self.values[each].value)]
        if above:
            return f"{BELOW} ({', '.join(each.removeprefix(BASELINE) for each in above)})"
        worst = mine.low if self.higher_is_better else mine.high
        if self._goodness(mine.value) == self._goodness(lowest) or self._goodness(worst) <= self._goodness(lowest):
            return f"no better than floor ({name})"
        return "above every floor"

    def _goodness(self, value: float) -> float:
        return value if self.higher_is_better else -value


def read_runs(paths: Sequence[Path]) -> list[Run]:
    """Return the runs in folders: every result in them or below them, in order of name.

    Raises
    ------
    ConfigurationError
        There is none, or one cannot be read.
    """
    found: dict[Path, Run] = {}
    for path in paths:
        files = [path] if path.is_file() else sorted(path.rglob(RESULT_FILE))
        if not files:
            raise ConfigurationError(f"holds no {RESULT_FILE} of an evaluation", file=str(path))
        for file in files:
            found[file.resolve()] = Run(file.parent, read_result(file))
    return list(found.values())


def compared(runs: Sequence[Run]) -> list[Line]:
    """Return the lines of a comparison: task by task, one for each reported metric and set of rows."""
    groups: dict[tuple[str, str, str], dict[str, Run]] = {}
    for run in runs:
        data = run.result["data"]
        key = (str(run.result["task"]), str(data["source"]), str(data["examples_sha256"]))
        labelled = groups.setdefault(key, {})
        labelled[_free(run.label, labelled)] = run
    order = {name: number for number, name in enumerate(benchmarks())}
    keys = sorted(groups, key=lambda key: (order.get(key[0], len(order)), key))
    return [line for key in keys for line in _lines(groups[key])]


def _free(label: str, taken: Mapping[str, Run]) -> str:
    """Return a label that no other run of the same rows has."""
    return next(name for name in (label, *(f"{label} #{n}" for n in range(2, len(taken) + 3))) if name not in taken)


def _lines(runs: Mapping[str, Run]) -> list[Line]:
    first = next(iter(runs.values())).result
    reported = [name for name, score in first["scores"].items() if score["higher_is_better"] is not None]
    floors = tuple(label for label, run in runs.items() if run.is_floor)
    return [_line(name, runs, first, floors) for name in reported]


def _line(metric: str, runs: Mapping[str, Run], first: Mapping[str, Any], floors: tuple[str, ...]) -> Line:
    score = first["scores"][metric]
    official = bool(first["data"]["official"])
    published = [one for one in first["published"] if one["metric"] == metric]
    if not official or not score["comparable"]:
        published = []
    best = next((one for one in published if one["is_best"]), None)
    cleaned = {label: run.result["without_leaked"] for label, run in runs.items() if run.result["without_leaked"]}
    return Line(
        task=str(first["task"]),
        title=str(first["title"]),
        domain=str(first["domain"]),
        metric=metric,
        higher_is_better=bool(score["higher_is_better"]),
        values={label: _value(run.result["scores"].get(metric)) for label, run in runs.items()},
        floors=floors,
        marks=(*_marks(first, official, bool(score["comparable"])), *_unanswered(runs)),
        best=None if best is None else _published(best),
        biomatrix=tuple(_published(one) for one in published if one["is_biomatrix"]),
        without_leaked={label: _value(each["scores"].get(metric)) for label, each in cleaned.items()},
    )


def _marks(first: Mapping[str, Any], official: bool, comparable: bool) -> tuple[str, ...]:
    rows = first["data"]["rows"]
    marks = [] if official else [f"{NOT_OFFICIAL} but {first['data']['difference']}"]
    if rows["asked"] < rows["read"]:
        marks.append(f"{rows['asked']:,} of {rows['read']:,} rows")
    if official and not comparable:
        marks.append("not comparable with the paper")
    return tuple(marks)


def _unanswered(runs: Mapping[str, Run]) -> list[str]:
    """Return which models left rows unanswered: some official metrics leave these out, and look better for it."""
    counts = {label: run.result["counts"] for label, run in runs.items()}
    return [
        f"{label}: {one['empty']:,} of {one['answers']:,} unanswered" for label, one in counts.items() if one["empty"]
    ]


def _value(score: Mapping[str, Any] | None) -> Value:
    if score is None:
        return Value(math.nan)
    scale, interval = score["published_scale"], score["interval"]
    numbers = (score["value"], interval.get("low"), interval.get("high"), score["spread"])
    return Value(*(math.nan if number is None else float(number) * scale for number in numbers))


def _published(one: Mapping[str, Any]) -> Published:
    notation = "" if one["notation"] == "none" else str(one["notation"])
    return Published(str(one["model"]), notation, float(one["value"]))
