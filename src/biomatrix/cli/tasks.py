"""``biomatrix tasks``: the tasks that a model can be asked, as data."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from biomatrix.tasks import Task

app = typer.Typer(
    help="List, show and validate tasks: prompts, output, parser and metric.",
    epilog="Example: biomatrix tasks list; biomatrix tasks show fold_protein; biomatrix tasks validate mine.toml",
    no_args_is_help=True,
)

Files = Annotated[list[Path] | None, typer.Option("--file", help="A TOML file of further tasks; may be repeated.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print machine-readable results.")]


def register(parent: typer.Typer) -> None:
    """Add the command and its sub-commands to the application."""
    parent.add_typer(app, name="tasks")


@app.callback()
def tasks() -> None:
    """List, show and validate tasks: prompts, output, parser and metric."""


@app.command("list", epilog="Example: biomatrix tasks list --json")
def list_tasks(file: Files = None, as_json: AsJson = False) -> None:
    """List every task: name, version, output, metric."""
    from biomatrix.tasks.registry import definitions

    rows = [_record(one) for one in definitions(file or ()).tasks.values()]
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    columns = ("name", "version", "output", "metric")
    table = [columns, *(tuple(str(row[column] or "-") for column in columns) for row in rows)]
    widths = [max(len(row[index]) for row in table) for index in range(len(columns))]
    for row in table:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@app.command(epilog="Example: biomatrix tasks show predict_log_solubility")
def show(
    name: Annotated[str, typer.Argument(help="A task, as `biomatrix tasks list` names it.")],
    file: Files = None,
    as_json: AsJson = False,
) -> None:
    """Show one task: its prompts, what they need, how an answer is read and judged."""
    from biomatrix.entities.near_matches import choices
    from biomatrix.errors import ConfigurationError
    from biomatrix.tasks.registry import definitions

    registry = definitions(file or ()).tasks
    if name not in registry:
        raise ConfigurationError(f"no task {name!r}; {choices(name, registry)}")
    record = _record(registry[name])
    if as_json:
        typer.echo(json.dumps(record, indent=2, ensure_ascii=False))
        return
    for key, value in record.items():
        lines = value if key == "prompts" else [", ".join(value) if isinstance(value, list) else value]
        for line in lines:
            if line not in (None, ""):
                typer.echo(f"{key:16s}  {line}")


@app.command(epilog="Example: biomatrix tasks validate mine.toml")
def validate(
    file: Annotated[Path | None, typer.Argument(help="A TOML file; all registered definitions without one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check definitions: placeholders, output, parser, metric. Prints one line per fault and exits with 1."""
    from biomatrix.tasks.definition_files import read_definitions
    from biomatrix.tasks.registry import definitions
    from biomatrix.tasks.validation import faults

    registry = definitions(() if file is None else [file])
    subject = registry if file is None else read_definitions(file, registry.fields)
    messages = list(faults(subject, registry))
    counts = {"tasks": len(subject.tasks), "views": len(subject.views), "faults": messages}
    if as_json:
        typer.echo(json.dumps(counts, indent=2, ensure_ascii=False))
    else:
        for line in messages:
            typer.echo(line)
        typer.echo(f"{len(subject.tasks)} tasks, {len(subject.views)} views, {len(messages)} faults", err=True)
    if messages:
        raise typer.Exit(1)


def _record(task: Task) -> dict[str, Any]:
    """Return a task as plain values for JSON: sets as sorted lists, and whether a higher metric is better."""
    from biomatrix.tasks.metrics import METRICS

    metric = METRICS.get(task.metric or "")
    return {
        **{key: sorted(value) if isinstance(value, frozenset) else value for key, value in asdict(task).items()},
        "prompts": list(task.prompts),
        "choices": list(task.choices),
        "needs": sorted(task.needs),
        "higher_is_better": None if metric is None else metric.higher_is_better,
    }
