"""``biomatrix audit``: which test rows training data hold too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from biomatrix.cli.console import Quiet, refusals_in_json, shown_log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biomatrix.evaluation.audit.run import Audit, Examined
    from biomatrix.evaluation.audit.training import Training
    from biomatrix.tasks.benchmarks.benchmark import Benchmark
    from biomatrix.tasks.benchmarks.data_places import DataPlaces


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        epilog="Example: biomatrix audit runs/nano_corpus --tasks all --from data --stand-ins -o runs/audit; "
        "biomatrix audit mol_retro --tasks mol_retro"
    )(audit)


@refusals_in_json
def audit(
    training: Annotated[
        list[str],
        typer.Argument(
            metavar="CORPUS|FILE|TASK...",
            help="Training data: the work folder of a corpus or its shards; a file of entities, records or "
            "instructions (.json, .jsonl); or a task, whose training split is meant.",
        ),
    ],
    tasks: Annotated[
        list[str], typer.Option(help="Tasks whose test rows are looked for; or groups: a domain, ..., all. Repeatable.")
    ],
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FOLDER", help="Local copy of the data: FOLDER/SOURCE, or FOLDER itself; else the cache."
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--source", metavar="SOURCE[=FOLDER]", help="Take the data of this source where a task has it; repeatable."
        ),
    ] = None,
    stand_ins: Annotated[
        bool, typer.Option("--stand-ins", help="Take other data of the same form where the official ones are not here.")
    ] = False,
    relatives: Annotated[
        bool, typer.Option("--relatives/--no-relatives", help="Align chains, the part that takes the most time.")
    ] = True,
    leak: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="A key by which a row counts as leaked, such as scaffold; repeatable."),
    ] = None,
    vocabulary: Annotated[
        Path | None, typer.Option(help="The vocabulary of shards that have none beside them.")
    ] = None,
    file_format: Annotated[
        str | None,
        typer.Option("--format", help="Of files whose name does not tell it: smi of a table with a column of SMILES."),
    ] = None,
    file: Annotated[
        list[Path] | None, typer.Option("--file", help="A TOML file of further benchmarks; repeatable.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the report and of the keys of leaked rows.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable results.")] = False,
    quiet: Quiet = False,
) -> None:
    """Find the test rows that training data hold too: the same, or related by structure, scaffold, sequence or text.

    `biomatrix evaluate --leaked FOLDER/leaked_keys.json` scores with and without them. A task of which no data are
    here is told on standard error; exits with 1 where that is so of all.
    """
    from biomatrix.errors import ConfigurationError
    from biomatrix.evaluation.audit.report import LEAKS
    from biomatrix.evaluation.audit.run import audit as run_audit
    from biomatrix.evaluation.selection import selected
    from biomatrix.tasks.benchmarks.data_places import places
    from biomatrix.tasks.benchmarks.registry import load_benchmarks

    for path in file or ():
        load_benchmarks(path)
    chosen = selected(tasks)
    named = [_benchmark(one) for one in training]
    where = places(source, data or (), [*chosen, *(one for one in named if one is not None)], stand_ins=stand_ins)
    examined = _examined(chosen, where)
    if not examined:
        raise ConfigurationError("the test rows of none of these tasks are here; name their folder with --from")
    sets = [_training(text, one, where, vocabulary, file_format) for text, one in zip(training, named, strict=True)]
    with shown_log(quiet):
        found = run_audit(examined, sets, relatives=relatives, leaks=tuple(leak or LEAKS))
    if output is not None:
        found.write(output)
    typer.echo(json.dumps(found.as_mapping(), indent=1, ensure_ascii=False) if as_json else _table(found))


def _benchmark(text: str) -> Benchmark | None:
    """Return the task that an argument names, None where it is a path."""
    from biomatrix.tasks.benchmarks.registry import benchmarks

    return None if Path(text).exists() else benchmarks().get(text)


def _training(
    text: str, benchmark: Benchmark | None, where: DataPlaces, vocabulary: Path | None, file_format: str | None
) -> Training:
    from biomatrix.evaluation.audit.training import Training

    if benchmark is None:
        return Training(text, path=Path(text), vocabulary=vocabulary, file_format=file_format)
    data = where.data_set(benchmark)
    folder = where.folder(data.source.name)
    return Training(f"training split of {text}", benchmark=benchmark, data=data, folder=folder)


def _examined(chosen: Sequence[Benchmark], where: DataPlaces) -> list[Examined]:
    """Return the test splits that are here; the others are told."""
    from biomatrix.evaluation.audit.run import Examined

    found = []
    for benchmark in chosen:
        data = where.data_set(benchmark)
        folder = where.folder(data.source.name)
        if where.is_here(data):
            found.append(Examined(benchmark, data, folder, where.is_official(benchmark, data)))
        else:
            typer.echo(f"{benchmark.name}: its test rows are not in {folder}", err=True)
    return found


def _table(found: Audit) -> str:
    """Return a line for each set of training data and for each task: its rows, and what was found by each key."""
    from biomatrix.evaluation.audit.report import training_lines

    lines = list(training_lines(found.training, found.rejects))
    for task in found.tasks:
        keys = (f"{name} {len(one.every)}/{one.compared}" for name, one in task.overlaps.items())
        note = "" if task.is_official else f", rows of {task.source}"
        lines.append(f"{task.task}: {len(task.leaked)} of {task.rows} rows leaked{note}")
        lines.append(f"    {', '.join(keys)}")
    return "\n".join(lines)
