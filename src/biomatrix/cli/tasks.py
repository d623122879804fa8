"""``biomatrix tasks``: what can be asked of a model, as data."""

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


@app.callback()
def tasks() -> None:
    """List, show and validate tasks: prompts, output, parser and metric."""


@app.command("list", epilog="Example: biomatrix tasks list --json")
def list_tasks(file: Files = None, as_json: AsJson = False) -> None:
    """List every task: name, version, output, metric."""
    from biomatrix.tasks.registry import definitions

    rows = [_described(one) for one in definitions(file or ()).tasks.values()]
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
    from biomatrix.errors import ConfigurationError
    from biomatrix.tasks.registry import definitions

    known = definitions(file or ()).tasks
    if name not in known:
        raise ConfigurationError(f"no task {name!r}; known: {', '.join(known)}")
    described = _described(known[name])
    if as_json:
        typer.echo(json.dumps(described, indent=2, ensure_ascii=False))
        return
    for key, value in described.items():
        lines = value if key == "prompts" else [", ".join(value) if isinstance(value, list) else value]
        for line in lines:
            if line not in (None, ""):
                typer.echo(f"{key:16s}  {line}")


@app.command(epilog="Example: biomatrix tasks validate mine.toml")
def validate(
    file: Annotated[Path | None, typer.Argument(help="A TOML file; all known tasks and views without one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check definitions: placeholders, output, parser, metric. Prints one line per fault and exits with 1."""
    from biomatrix.tasks.definition_files import read_definitions
    from biomatrix.tasks.registry import definitions
    from biomatrix.tasks.validation import faults

    known = definitions(() if file is None else [file])
    checked = known if file is None else read_definitions(file, known.fields)
    found = list(faults(checked, known))
    counts = {"tasks": len(checked.tasks), "views": len(checked.views), "faults": found}
    if as_json:
        typer.echo(json.dumps(counts, indent=2, ensure_ascii=False))
    else:
        for line in found:
            typer.echo(line)
        typer.echo(f"{len(checked.tasks)} tasks, {len(checked.views)} views, {len(found)} faults", err=True)
    if found:
        raise typer.Exit(1)


def _described(task: Task) -> dict[str, Any]:
    """Return a task as JSON; sets as sorted lists, and whether its metric is better when higher."""
    from biomatrix.tasks.metrics import METRICS

    judged = METRICS.get(task.metric or "")
    return {
        **{key: sorted(value) if isinstance(value, frozenset) else value for key, value in asdict(task).items()},
        "prompts": list(task.prompts),
        "choices": list(task.choices),
        "needs": sorted(task.needs),
        "higher_is_better": None if judged is None else judged.higher_is_better,
    }
