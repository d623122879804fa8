"""``biomatrix data``: the official files of benchmarks on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from biomatrix.cli.console import Quiet, refusals_in_json, shown_log

if TYPE_CHECKING:
    from biomatrix.tasks.benchmarks.benchmark import Source
    from biomatrix.tasks.benchmarks.downloads.data_cache import Holding

app = typer.Typer(
    help="Download, check and list the official data of benchmarks.",
    epilog="Example: biomatrix data list; biomatrix data get mol_edit_addcomp; biomatrix data get qm9 --from ~/qm9",
    no_args_is_help=True,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print machine-readable results.")]


def register(parent: typer.Typer) -> None:
    """Add the command and its sub-commands to the application."""
    parent.add_typer(app, name="data")


@app.callback()
def data() -> None:
    """Download, check and list the official data of benchmarks."""


@app.command(epilog="Example: biomatrix data get mol_edit_addcomp openmolins")
@refusals_in_json
def get(
    names: Annotated[list[str], typer.Argument(help="Benchmarks, or sources as `biomatrix data list` names them.")],
    origin: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FOLDER",
            help="Local copy, gzipped or not: FOLDER/SOURCE, or FOLDER itself; nothing is downloaded.",
        ),
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Put the files of benchmarks into the cache: checked, resumed where cut off, whole or not at all.

    The cache is the folder that BIOMATRIX_DATA names, else ~/.cache/biomatrix/data.
    """
    from biomatrix.tasks.benchmarks.downloads.data_cache import holding, source_of
    from biomatrix.tasks.benchmarks.downloads.download import get as get_files

    wanted = {source.name: source for source in map(source_of, names)}
    for source in wanted.values():
        typer.echo(_announcement(source, origin), err=True)
        with shown_log(quiet):
            get_files(source, origin)
    rows = [_row(holding(source)) for source in wanted.values()]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        typer.echo(row["folder"])


@app.command("list", epilog="Example: biomatrix data list --json")
@refusals_in_json
def list_data(as_json: AsJson = False) -> None:
    """List every source: what of it is there, its size, its licence and the benchmarks that read it."""
    from biomatrix.tasks.benchmarks.downloads.data_cache import holding, sources

    rows = [_row(holding(source)) for source in sources().values()]
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    table = [("source", "files", "size", "benchmarks", "licence"), *map(_cells, rows)]
    widths = [max(len(cells[column]) for cells in table) for column in range(len(table[0]))]
    for cells in table:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())


def _announcement(source: Source, origin: Path | None) -> str:
    """Return what to know before a source is got: its licence, and how much there is to download."""
    from biomatrix.tasks.benchmarks.downloads.data_cache import holding
    from biomatrix.tasks.benchmarks.downloads.download import sizes

    if holding(source).complete:
        size = "already there"
    elif origin is not None:
        size = f"from {origin}"
    else:
        stated = sizes(source)
        known = sum(each for each in stated.values() if each is not None)
        unknown = sum(each is None for each in stated.values())
        parts = ([_size(known)] if known else []) + ([f"{unknown} of unknown size"] if unknown else [])
        size = " and ".join(parts)
    files = f"{len(source.files)} file{'' if len(source.files) == 1 else 's'}"
    return f"{source.name}: {files}, {size}; licence: {source.licence}; {source.hub or source.url}"


def _row(held: Holding) -> dict[str, Any]:
    from biomatrix.tasks.benchmarks.registry import benchmarks

    source = held.source
    users = [
        name
        for name, one in benchmarks().items()
        if source.name in (one.data.source.name, *(each.source.name for each in one.stand_ins))
    ]
    return {
        "source": source.name,
        "files": len(source.files),
        "present": list(held.present),
        "complete": held.complete,
        "bytes": held.size,
        "folder": str(held.folder),
        "licence": source.licence,
        "origin": source.hub or source.url,
        "benchmarks": users,
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    size = _size(row["bytes"]) if row["present"] else "-"
    there = f"{len(row['present'])} of {row['files']}"
    return (row["source"], there, size, str(len(row["benchmarks"])), row["licence"])


def _size(size: int) -> str:
    """Return bytes in the larger unit of kB and MB that leaves at least one."""
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"
