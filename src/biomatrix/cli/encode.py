"""``biomatrix encode``: files of entities to tokens."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from biomatrix.cli.console import CountsAsJson, EntityKind, Quiet, RejectsFile, TokenizerName, report_counts, shown_log
from biomatrix.cli.kind_options import command_with, settings_of
from biomatrix.errors import ConfigurationError


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        epilog="Example: biomatrix encode ligands.sdf --modality molecule_structure -o ligands.tokens.jsonl; "
        "biomatrix encode cells.h5ad --layer counts --setting cell_expression.layout=genes -o cells.tokens.jsonl",
        cls=command_with(_options),
    )(encode)


def encode(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="A file of entities of any kind, or '-' for standard input.")],
    modality: Annotated[
        list[str] | None,
        typer.Option(
            "--modality", "-m", help="A modality to write; repeatable. By default, all that accept the record."
        ),
    ] = None,
    kind: EntityKind = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--setting",
            metavar="MODALITY.NAME=VALUE",
            help="What a modality's constructor takes, such as cell_expression.k=256; repeatable.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="File for the JSON lines; standard output by default, or '-'."
        ),
    ] = None,
    file_format: Annotated[
        str | None,
        typer.Option("--format", help="Where the file name does not tell, as of '-': sdf, smi, pdb, ..."),
    ] = None,
    tokenizer: TokenizerName = None,
    rejects: RejectsFile = None,
    as_json: CountsAsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write each record as tokens, one JSON line per record and modality.

    Each line holds the file, the record's number, its name, the modality, the text, and notes; lines of structures also
    hold what decoding needs.

    A record that cannot be written is counted by its kind of fault and listed with its reason; the others are written
    all the same.
    """
    from biomatrix.conversion import encode_to_lines
    from biomatrix.entities.modality_settings import given_settings

    if output is not None and output.endswith("/"):
        raise ConfigurationError("names a folder; encode writes all lines to one file", file=output)
    path = None if output is None else Path(output)
    with shown_log(quiet):
        counts = encode_to_lines(
            file,
            path,
            modalities=modality or None,
            kind=kind,
            file_format=file_format,
            tokenizer=tokenizer,
            rejects=rejects,
            settings=settings_of(context),
            modality_settings=given_settings(setting or ()),
        )
    report_counts(counts, as_json, path)


def _options() -> Mapping[str, type[Any]]:
    from biomatrix.entities.reading_options import options_by_kind

    return options_by_kind()
