"""``biomatrix decode``: tokens back to files that open elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from biomatrix.cli.console import CountsAsJson, Quiet, RejectsFile, TokenizerName, report_counts, shown_log


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog="Example: biomatrix decode ligands.tokens.jsonl -o decoded/")(decode)


def decode(
    file: Annotated[
        str,
        typer.Argument(help="JSON lines of `biomatrix encode`, or lines of wrapped tokens; '-' for standard input."),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|FOLDER/",
            help="A folder for one file per entity, or a file of many records: .sdf, .smi, .fasta, ...; '-' with "
            "--format for standard output.",
        ),
    ],
    file_format: Annotated[
        str | None, typer.Option("--format", help="The format to write, where the output does not tell: sdf, pdb, ...")
    ] = None,
    tokenizer: TokenizerName = None,
    rejects: RejectsFile = None,
    as_json: CountsAsJson = False,
    quiet: Quiet = False,
) -> None:
    """Turn tokens back into entities and write them as files.

    A line that cannot be read or written is counted by its kind of fault and listed with its reason; the others are
    written all the same. The control tokens of each line name its modality, such as
    <|mol_sfi_start|>[C][O]<|mol_sfi_end|>.
    """
    from biomatrix.conversion import decode_from_lines

    with shown_log(quiet):
        counts = decode_from_lines(file, output, tokenizer=tokenizer, file_format=file_format, rejects=rejects)
    report_counts(counts, as_json, Path(output))
