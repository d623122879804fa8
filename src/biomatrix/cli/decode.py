"""``biomatrix decode``: tokens back to files that open elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from biomatrix.cli.console import CountsAsJson, RejectsFile, TokenizerName, report_counts


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
        typer.Option(
            "--output",
            "-o",
            help="A folder for one file per entity, or a file of many records: .sdf, .smi, .fasta, ...",
        ),
    ],
    tokenizer: TokenizerName = None,
    rejects: RejectsFile = None,
    as_json: CountsAsJson = False,
) -> None:
    """Turn tokens back into entities and write them as files.

    The control tokens of each line name its modality, such as <|mol_sfi_start|>[C][O]<|mol_sfi_end|>.
    """
    from biomatrix.conversion import decode_from_lines

    counts = decode_from_lines(file, output, tokenizer=tokenizer, rejects=rejects)
    report_counts(counts, as_json)
