"""``biomatrix tasks export``: benchmarks as instruction-tuning data and as tasks of other harnesses."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from biomatrix.cli.console import refusals_in_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biomatrix.tasks.benchmarks.exports.export_files import Rows


def register(tasks: typer.Typer) -> None:
    """Add the command to the group of tasks."""
    tasks.command(epilog="Example: biomatrix tasks export mol_edit_addcomp --source openmolins --format chat -o out")(
        export
    )


@refusals_in_json
def export(
    names: Annotated[list[str], typer.Argument(help="Benchmarks, or configurations of released data.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write into.")],
    form: Annotated[str, typer.Option("--format", help="instruct, chat, llama-factory or lm-eval.")] = "instruct",
    notation: Annotated[str, typer.Option("--notation", help="Of molecules: smiles or selfies.")] = "smiles",
    split: Annotated[str, typer.Option("--split", help="train, validation or test.")] = "train",
    origin: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FOLDER", help="Local copy of the data: FOLDER/SOURCE, or FOLDER itself; else the cache."
        ),
    ] = None,
    data: Annotated[str | None, typer.Option("--source", help="A source that stands in, such as openmolins.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Draws the wording of each prompt.")] = 0,
    released: Annotated[
        Path | None,
        typer.Option("--released", help="A copy of BioMatrix-SFT; the names are those of its configurations."),
    ] = None,
    file: Annotated[
        list[Path] | None, typer.Option("--file", help="A TOML file of further benchmarks; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Write benchmarks as instruction-tuning data, chat messages, or tasks of LLaMA-Factory and lm-evaluation-harness.

    One file a benchmark, streamed; the same data, seed and notation give the same bytes. What cannot be written stands
    in rejects.jsonl with its reason.
    """
    from biomatrix.tasks.benchmarks.exports.export_files import export as write
    from biomatrix.tasks.benchmarks.exports.released_records import released_records
    from biomatrix.tasks.benchmarks.registry import load_benchmarks

    for path in file or ():
        load_benchmarks(path)
    if released is not None:
        rows: Mapping[str, Rows] = {name: released_records(released, name) for name in names}
        versions: Mapping[str, int] = {}
    else:
        rows, versions = _of_benchmarks(names, origin, data, split, notation, seed)
    done = write(rows, output, form, versions)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in done], indent=2))
        return
    for each in done:
        typer.echo(f"{output / each.file}: {each.records:,} records, {each.rejects:,} refused")


def _of_benchmarks(
    names: list[str], origin: Path | None, data: str | None, split: str, notation: str, seed: int
) -> tuple[Mapping[str, Rows], Mapping[str, int]]:
    """Return the records of benchmarks by name, and their versions."""
    from biomatrix.tasks.benchmarks.downloads.data_cache import folder_in, source_folder
    from biomatrix.tasks.benchmarks.exports.export_files import records_of
    from biomatrix.tasks.benchmarks.registry import benchmark

    rows, versions = {}, {}
    for name in names:
        one = benchmark(name)
        chosen = one.data_set(data)
        folder = source_folder(chosen.source) if origin is None else folder_in(origin, chosen.source.name)
        rows[name] = records_of(one, chosen, folder, split, notation, seed)
        versions[name] = one.task.version
    return rows, versions
