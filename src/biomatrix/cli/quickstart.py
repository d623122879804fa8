"""``biomatrix quickstart``: the main job on a real complex, with a report to open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from biomatrix.cli.console import progress_line


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog="Example: biomatrix quickstart --protein 1abc.cif --chain A --molecule 'CC(=O)Oc1ccccc1C(=O)O'")(
        quickstart
    )


def quickstart(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write.")] = Path("quickstart"),
    molecule: Annotated[str | None, typer.Option(help="Your own molecule: a SMILES string or a file.")] = None,
    protein: Annotated[str | None, typer.Option(help="Your own protein: a PDB, mmCIF or BinaryCIF file.")] = None,
    chain: Annotated[str | None, typer.Option(help="Which chain of --protein.")] = None,
    model: Annotated[str, typer.Option(help="A shipped name, a folder or a hub id.")] = "nano",
    seed: Annotated[int, typer.Option(help="Same seed, same answers.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print a machine-readable summary.")] = False,
) -> None:
    """Encode and decode a real complex in every modality, ask the model one task of each kind, write a report.

    Writes .sdf, .pdb and .fasta files and report.html, which needs no network.
    """
    from biomatrix.quickstart import run

    given = {name: word for name, word in (("protein", protein), ("molecule", molecule)) if word is not None}
    with progress_line(quiet=as_json) as say:
        summary = run(output, given=given, record=chain, model=model, seed=seed, progress=say)
    if as_json:
        typer.echo(json.dumps(summary.as_dict(), indent=2))
        return
    typer.echo(summary.as_text())
