"""``biomatrix quickstart``: the main job on a real complex, with a report to open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from biomatrix.cli.console import Quiet, progress_line
from biomatrix.cli.entity_options import GivenEntities, with_entity_options
from biomatrix.errors import ConfigurationError


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog="Example: biomatrix quickstart --protein 1abc.cif --chain A --molecule 'CC(=O)Oc1ccccc1C(=O)O'")(
        with_entity_options(quickstart)
    )


def quickstart(
    given: GivenEntities,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write.")] = Path("quickstart"),
    model: Annotated[str, typer.Option(help="A shipped name, a folder or a hub id.")] = "nano",
    seed: Annotated[int, typer.Option(help="Same seed, same answers.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print a machine-readable summary.")] = False,
    quiet: Quiet = False,
) -> None:
    """Encode and decode real entities in every modality, ask the model a few tasks, and write a report.

    Your own entities replace the examples of their kinds. Writes files that open elsewhere, such as .sdf, .pdb and
    .fasta, and report.html, which needs no network.
    """
    from biomatrix.quickstart import run

    words = {one.kind: one.word for one in given.each}
    if len(words) < len(given.each):
        raise ConfigurationError("one entity of each kind can be given")
    records = {one.kind: one.record for one in given.each if one.record is not None}
    with progress_line(quiet or as_json) as say:
        summary = run(output, given=words, records=records, model=model, seed=seed, progress=say)
    if as_json:
        typer.echo(json.dumps(summary.as_dict(), indent=2))
        return
    typer.echo(summary.as_text())
