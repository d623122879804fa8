"""``biomatrix tasks``: the tasks that a model can be asked, as data."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from biomatrix.cli import task_export
from biomatrix.cli.console import refusals_in_json

if TYPE_CHECKING:
    from biomatrix.tasks import Task
    from biomatrix.tasks.benchmarks.validating import Validation

app = typer.Typer(
    help="List, show and validate tasks: those of corpora, and the benchmarks with official data.",
    epilog="Example: biomatrix tasks list; biomatrix tasks show mol_prop_esol; biomatrix tasks validate mine.toml",
    no_args_is_help=True,
)

Files = Annotated[
    list[Path] | None, typer.Option("--file", help="A TOML file of further tasks or benchmarks; may be repeated.")
]
_COLUMNS: Final = ("name", "version", "domain", "group", "output", "metric")
AsJson = Annotated[bool, typer.Option("--json", help="Print machine-readable results.")]


def register(parent: typer.Typer) -> None:
    """Add the command and its sub-commands to the application."""
    task_export.register(app)
    parent.add_typer(app, name="tasks")


@app.callback()
def tasks() -> None:
    """List, show and validate tasks: those of corpora, and the benchmarks with official data."""


@app.command("list", epilog="Example: biomatrix tasks list --json; biomatrix tasks list --domain molecule")
@refusals_in_json
def list_tasks(
    file: Files = None,
    domain: Annotated[str | None, typer.Option(help="Only benchmarks of molecules, proteins or interactions.")] = None,
    group: Annotated[str | None, typer.Option(help="Only benchmarks of one fine-tuning group.")] = None,
    as_json: AsJson = False,
) -> None:
    """List every task of corpora, then every benchmark: name, version, domain, group, output, metric."""
    from biomatrix.cli.benchmark_rows import row_of, selected
    from biomatrix.cli.task_files import sorted_files
    from biomatrix.tasks.registry import definitions

    of_tasks, _ = sorted_files(file or ())
    of_corpora = [] if domain or group else [_record(one) for one in definitions(of_tasks).tasks.values()]
    rows = [*of_corpora, *map(row_of, selected(domain, group))]
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    table = [_COLUMNS, *(tuple(str(row.get(column) or "-") for column in _COLUMNS) for row in rows)]
    widths = [max(len(row[index]) for row in table) for index in range(len(_COLUMNS))]
    for row in table:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@app.command(epilog="Example: biomatrix tasks show predict_log_solubility; biomatrix tasks show mol_prop_esol")
@refusals_in_json
def show(
    name: Annotated[str, typer.Argument(help="A task, as `biomatrix tasks list` names it.")],
    file: Files = None,
    as_json: AsJson = False,
) -> None:
    """Show one task: its prompts, what they need, how an answer is read and judged; of a benchmark its data too."""
    from biomatrix.cli.benchmark_rows import page_lines, record_of
    from biomatrix.cli.task_files import sorted_files
    from biomatrix.entities.near_matches import choices
    from biomatrix.errors import ConfigurationError
    from biomatrix.tasks.benchmarks.registry import LISTING, benchmarks
    from biomatrix.tasks.registry import definitions

    of_tasks, _ = sorted_files(file or ())
    registry = definitions(of_tasks).tasks
    if name not in registry and name not in benchmarks():
        raise ConfigurationError(f"no task {name!r}; {choices(name, [*registry, *benchmarks()], LISTING)}")
    is_benchmark = name not in registry
    record = record_of(benchmarks()[name]) if is_benchmark else _record(registry[name])
    if as_json:
        typer.echo(json.dumps(record, indent=2, ensure_ascii=False))
        return
    for key, line in page_lines(benchmarks()[name]) if is_benchmark else _lines(record):
        if line not in (None, ""):
            typer.echo(f"{key:16s}  {line}")


def _lines(record: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        for line in value if key == "prompts" else [", ".join(value) if isinstance(value, list) else value]:
            yield key, line


@app.command(epilog="Example: biomatrix tasks validate mine.toml; biomatrix tasks validate --task mol_prop_esol")
@refusals_in_json
def validate(
    file: Annotated[
        Path | None,
        typer.Argument(help="A TOML file of tasks or benchmarks, or a benchmark's name; everything when not given."),
    ] = None,
    task: Annotated[list[str] | None, typer.Option(help="Only this benchmark; may be repeated.")] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FOLDER", help="Local copy of the data: FOLDER/SOURCE, or FOLDER itself; not the sample."
        ),
    ] = None,
    source: Annotated[str | None, typer.Option(help="The data that stand in, by the name of their source.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check definitions: placeholders, output, parser, metric; and of each benchmark that it works.

    A benchmark works where its data load, all its prompts fill, and its gold answers read back and score the best there
    is. Prints one line per fault of a task and one per benchmark, and exits with 1 where there is a fault.
    """
    from biomatrix.cli.task_files import sorted_files
    from biomatrix.tasks.benchmarks.registry import benchmarks
    from biomatrix.tasks.definition_files import read_definitions
    from biomatrix.tasks.registry import definitions
    from biomatrix.tasks.validation import faults

    if file is not None and str(file) in benchmarks() and not file.exists():
        file, task = None, [*(task or ()), str(file)]
    of_tasks, own = sorted_files(() if file is None else [file])
    asks_benchmarks = file is None or bool(own)
    registry = definitions(of_tasks)
    subject = read_definitions(of_tasks[0], registry.fields) if of_tasks else registry
    messages = [] if task or folder or source or own else list(faults(subject, registry))
    found = _validations(task or own, folder, source, as_json) if asks_benchmarks else []
    counts = {"tasks": len(subject.tasks), "views": len(subject.views), "faults": messages}
    if as_json:
        of_benchmarks = {"benchmarks": [asdict(each) for each in found]} if asks_benchmarks else {}
        typer.echo(json.dumps({**counts, **of_benchmarks}, indent=2, ensure_ascii=False))
    else:
        for line in messages:
            typer.echo(line)
        if not own:
            typer.echo(f"{len(subject.tasks)} tasks, {len(subject.views)} views, {len(messages)} faults", err=True)
        if asks_benchmarks:
            typer.echo(_summary(found), err=True)
    if messages or any(each.faults for each in found):
        raise typer.Exit(1)


def _validations(names: Sequence[str], folder: Path | None, source: str | None, quiet: bool) -> list[Validation]:
    from biomatrix.cli.benchmark_rows import validated, validation_line
    from biomatrix.errors import ConfigurationError
    from biomatrix.tasks.benchmarks.registry import benchmark, benchmarks

    chosen = [benchmark(name) for name in names] or list(benchmarks().values())
    if folder is not None and source is None and not names:
        raise ConfigurationError("a folder holds the data of one source: give --source or --task beside --from")
    found = []
    for each in validated(chosen, folder, source):
        found.append(each)
        if not quiet:
            typer.echo(validation_line(each))
    if not found:
        raise ConfigurationError(f"no benchmark is served by the source {source!r}")
    return found


def _summary(found: Sequence[Validation]) -> str:
    broken = sum(bool(each.faults) for each in found)
    partly = sum(bool(each.missing) for each in found)
    benchmarks = "1 benchmark" if len(found) == 1 else f"{len(found)} benchmarks"
    return f"{benchmarks}, {len(found) - broken - partly} sound, {partly} partly judged, {broken} with faults"


def _record(task: Task) -> dict[str, Any]:
    """Return a task as plain values for JSON: sets as sorted lists, and whether a higher metric is better."""
    from biomatrix.tasks.metrics import METRICS

    metric = METRICS.get(task.metric or "")
    return {
        **{key: sorted(value) if isinstance(value, frozenset) else value for key, value in asdict(task).items()},
        "prompts": list(task.prompts),
        "choices": list(task.choices),
        "bounds": [end if math.isfinite(end) else None for end in task.bounds],
        "needs": sorted(task.needs),
        "higher_is_better": None if metric is None else metric.higher_is_better,
    }
