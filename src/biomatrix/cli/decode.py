"""``biomatrix decode``: tokens back to files that open elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog="Example: biomatrix decode ligands.tokens.jsonl -o decoded/")(decode)


def decode(
    file: Annotated[
        str,
        typer.Argument(help="JSON lines of `biomatrix encode`, or lines of wrapped tokens; '-' for standard input."),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="A folder, one file an entity, or one .sdf, .smi or .fasta file."),
    ],
    tokenizer: Annotated[
        str | None,
        typer.Option(help="Name or folder of the structure tokenizer; the default one when not given."),
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="JSON lines of what was refused; beside --output by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON at the end.")] = False,
) -> None:
    """Turn tokens back into molecules and proteins and write them as files.

    Each line says its own modality by its control tokens, such as <|mol_sfi_start|>[C][O]<|mol_sfi_end|>.
    """
    from biomatrix.conversion import decode_from_lines

    counts = decode_from_lines(file, output, tokenizer=tokenizer, rejects=rejects)
    typer.echo(counts.as_json() if as_json else counts.as_text(), err=True)
    if not counts.succeeded:
        raise typer.Exit(1)
