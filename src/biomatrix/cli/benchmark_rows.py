"""Benchmarks as `biomatrix tasks` shows them: one row, one page, one line of a validation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from biomatrix.tasks.benchmarks.benchmark import Benchmark, DataSet, MetricUse
    from biomatrix.tasks.benchmarks.validating import Validation
    from biomatrix.tasks.benchmarks.wording import Wording


def selected(domain: str | None, group: str | None) -> list[Benchmark]:
    """Return the benchmarks of a domain and a fine-tuning group.

    Raises
    ------
    ConfigurationError
        No benchmark is of that domain or that group.
    """
    from biomatrix.entities.near_matches import choices
    from biomatrix.errors import ConfigurationError
    from biomatrix.tasks.benchmarks.registry import benchmarks

    every = list(benchmarks().values())
    for what, wanted, known in (
        ("domain", domain, {one.domain for one in every}),
        ("group", group, {one.sft_group for one in every} - {""}),
    ):
        if wanted is not None and wanted not in known:
            raise ConfigurationError(f"no benchmark of the {what} {wanted!r}; {choices(wanted, sorted(known))}")
    return [one for one in every if domain in (None, one.domain) and group in (None, one.sft_group)]


def row_of(benchmark: Benchmark) -> dict[str, Any]:
    """Return what a list says of a benchmark."""
    return {
        "name": benchmark.name,
        "version": benchmark.task.version,
        "domain": benchmark.domain,
        "group": benchmark.sft_group,
        "output": benchmark.task.output,
        "metric": benchmark.metrics[0].name,
    }


def record_of(benchmark: Benchmark) -> dict[str, Any]:
    """Return everything that is known of a benchmark, as JSON values."""
    task = benchmark.task
    return {
        **row_of(benchmark),
        "title": benchmark.title,
        "modality": benchmark.modality,
        "category": benchmark.category,
        "dataset": benchmark.dataset,
        "data": _data_record(benchmark.data),
        "stand_ins": [_data_record(each) for each in benchmark.stand_ins],
        "needs": sorted(task.needs),
        "prompts": list(task.prompts),
        "answer": task.answer,
        "parser": task.parser,
        "unit": task.unit,
        "choices": list(task.choices),
        "length": benchmark.length,
        "constraints": list(benchmark.constraints),
        "decoding": asdict(benchmark.decoding),
        "judge": benchmark.judge,
        "metrics": [_metric_record(benchmark, metric) for metric in benchmark.metrics],
        "published_train": benchmark.published_train,
        "published_test": benchmark.published_test,
        "notes": benchmark.notes,
    }


def _data_record(data: DataSet) -> dict[str, Any]:
    source = data.source
    return {
        **{name: getattr(source, name) for name in ("name", "hub", "url", "revision", "licence")},
        "files": [asdict(file) for file in source.files],
        "loader": data.loader,
        "split_rule": data.split_rule,
        "notes": data.notes,
    }


def _metric_record(benchmark: Benchmark, metric: MetricUse) -> dict[str, Any]:
    from biomatrix.tasks.benchmarks.published import published_scores

    printed = [score for score in published_scores(benchmark.name) if score.metric == metric.name]
    best = next((score for score in printed if score.is_best), None)
    return {
        **asdict(metric),
        "published": len(printed),
        "published_best": None if best is None else best.value,
        "published_by": None if best is None else best.model,
    }


def page_lines(benchmark: Benchmark) -> Iterator[tuple[str, str]]:
    """Yield the key and text of each line that shows a benchmark."""
    record = record_of(benchmark)
    for key in ("name", "title", "version", "domain", "modality", "category", "dataset", "group"):
        yield key, str(record[key])
    yield from _data_lines("source", record["data"])
    for stand_in in record["stand_ins"]:
        yield from _data_lines("stand-in", stand_in)
    yield "needs", ", ".join(record["needs"])
    yield "prompts", f"{len(record['prompts'])}, the first: {record['prompts'][0]!r}"
    yield "answer", f"{record['answer']}, read by {record['parser']}"
    for key in ("output", "unit", "length", "notes"):
        yield key, str(record[key] or "")
    yield "choices", ", ".join(record["choices"])
    yield "constraint", ", ".join(record["constraints"]) or _grammar(benchmark)
    yield (
        "decoding",
        "greedy" if not benchmark.decoding.temperature else f"temperature {benchmark.decoding.temperature:g}",
    )
    for metric in record["metrics"]:
        yield "metric", _metric_line(metric)
    yield "published sizes", f"{record['published_train'] or 'not stated'} train, {record['published_test']} test"


def _data_lines(key: str, data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    place = data["hub"] or data["url"]
    yield key, f"{data['name']}: {place}, revision {data['revision'] or 'not stated'}"
    yield "", f"licence: {data['licence']}; split: {data['split_rule']}"
    if data["notes"]:
        yield "", data["notes"]


def _grammar(benchmark: Benchmark) -> str:
    return "" if benchmark.task.output is None else f"the grammar of {benchmark.task.output}"


def _metric_line(metric: dict[str, Any]) -> str:
    direction = "higher is better" if metric["higher_is_better"] else "lower is better"
    best = "no published number" if metric["published_best"] is None else (
        f"published best {metric['published_best']:g} ({metric['published_by']}), of {metric['published']}"
    )  # fmt: skip
    return f"{metric['name']}: {direction}; {best}" + ("" if metric["comparable"] else "; not comparable")


def validated(benchmarks: Sequence[Benchmark], folder: Path | None, source: str | None) -> Iterator[Validation]:
    """Yield what is found of each benchmark; with a source, of those alone that it can serve."""
    from biomatrix.tasks.benchmarks.validating import validate_benchmark

    for benchmark in benchmarks:
        known = {each.source.name for each in (benchmark.data, *benchmark.stand_ins)}
        if source is None or source in known:
            yield validate_benchmark(benchmark, folder, source, check=constraint_fault)


def constraint_fault(wording: Wording) -> str | None:
    """Return what is wrong with the constraints of a question, None where they can be met."""
    from biomatrix.errors import ConfigurationError
    from biomatrix.generation.constraint_registry import parse_constraint

    try:
        for constraint in wording.constraints:
            parse_constraint(constraint)
    except ConfigurationError as error:
        return error.message
    return None


def validation_line(found: Validation) -> str:
    """Return a line: a mark, the name, what it was validated on, what is missing; of faults a line for each."""
    rows = f"{found.examples} examples, {found.gold} gold answers" + (
        f", {found.rejects} rejects" if found.rejects else ""
    )
    if found.faults:
        return "\n".join(f"FAULT   {found.name}: {fault}" for fault in found.faults)
    if found.missing:
        return f"PARTLY  {found.name}: validated on {found.data}, {rows}; missing: {found.missing}"
    return f"ok      {found.name}: validated on {found.data}, {rows}"
