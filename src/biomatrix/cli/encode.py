"""``biomatrix encode``: files of molecules or proteins to tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog="Example: biomatrix encode ligands.sdf --modality molecule_structure -o ligands.tokens.jsonl")(
        encode
    )


def encode(
    file: Annotated[str, typer.Argument(help="A file of molecules or proteins, or '-' for standard input.")],
    modality: Annotated[
        list[str] | None,
        typer.Option("--modality", "-m", help="Repeat for several; every one of the kind by default."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="JSON lines; standard output by default.")
    ] = None,
    file_format: Annotated[
        str | None, typer.Option("--format", help="Needed for standard input: sdf, smi, pdb, ...")
    ] = None,
    tokenizer: Annotated[
        str | None,
        typer.Option(help="Name or folder of the structure tokenizer; the default one when not given."),
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="JSON lines of what was refused; beside --output by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON at the end.")] = False,
) -> None:
    """Write each record as tokens, one JSON line a record and modality: file, record, name, modality, text.

    A record that cannot be written is counted, listed with its reason, and does not stop the rest.
    """
    from biomatrix.conversion import encode_to_lines

    counts = encode_to_lines(
        file,
        output,
        modalities=modality or None,
        file_format=file_format,
        tokenizer=tokenizer,
        rejects=rejects,
    )
    typer.echo(counts.as_json() if as_json else counts.as_text(), err=True)
    if not counts.succeeded:
        raise typer.Exit(1)
