"""``biomatrix doctor roundtrip``: how well does a structure tokenizer preserve the records of a file?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from biomatrix.cli.console import EntityKind, Quiet, shown_log
from biomatrix.cli.kind_options import command_with, settings_of

_EXAMPLES = """Examples:

biomatrix doctor roundtrip ligands.sdf --worst 5

biomatrix doctor roundtrip molecules.smi --tokenizer published.safetensors --open-loop --decoder trunk

biomatrix doctor roundtrip conformers.parquet --held-out --refine mmff --json

biomatrix doctor roundtrip 1s3v.pdb --noise 0.05 -o chains.csv
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=_EXAMPLES, cls=command_with(_options))(roundtrip)


def roundtrip(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(help="A file of entities, or a table of them (.parquet, .csv)."),
    ],
    tokenizer: Annotated[
        str, typer.Option("--tokenizer", help="A shipped name, a folder, or a .safetensors file of published weights.")
    ] = "default",
    kind: EntityKind = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many records.")] = None,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Only records that no shipped tokenizer was fitted on.")
    ] = False,
    worst: Annotated[int, typer.Option(min=0, help="List this many records with the largest RMSD.")] = 0,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", "--csv", help="File for a CSV table, one line per record.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable results.")] = False,
    quiet: Quiet = False,
) -> None:
    """Encode and decode every record of a file and report what changed; exits with 1 when a record failed.

    The report holds failures with reasons, RMSD after superposition (by size too), errors of bond lengths,
    stereochemistry or TM-score, the codes used, and rates. No force field runs without --refine.
    """
    from biomatrix.doctor.file_round_trip import FileOptions, check_table, measure_file, write_table
    from biomatrix.metrics.summaries import plain

    if output is not None:
        check_table(file, output)
    options = FileOptions(tokenizer, kind, limit, held_out, settings_of(context))
    with shown_log(quiet):
        trip = measure_file(file, options)
    if output is not None:
        write_table(trip.each, output)
    if as_json:
        figures = plain(trip)
        del figures["each"]
        figures["worst"] = plain(trip.worst(worst))
        typer.echo(json.dumps({"file": str(file), "options": options.described(), **figures}, indent=2))
    else:
        typer.echo(trip.as_text(worst))
    if trip.failures or not trip.records:
        raise typer.Exit(1)


def _options() -> Mapping[str, type[Any]]:
    from biomatrix.doctor.file_round_trip import options_by_kind

    return options_by_kind()
