"""``biomatrix soft encode``: a file of entities to vectors of a frozen encoder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from biomatrix.cli.console import Quiet, RejectsFile, refusals_in_json, shown_log
from biomatrix.cli.kind_options import command_with, settings_of

EXAMPLE = (
    "biomatrix soft encode ligands.smi --encoder fingerprints -o vectors --table ligands.npy; "
    "biomatrix soft encode pbmc.h5ad --layer counts --encoder expression_pca:cell_projector/encoder -o vectors; "
    "biomatrix soft encode sequences.txt --lines --encoder auto:esm2,k=4 -o vectors --table proteins.parquet"
)


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=f"Example: {EXAMPLE}", cls=command_with(_options))(encode)


@refusals_in_json
def encode(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="A file of entities of the encoder's kind, or '-' for standard input.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder of vectors, such as align takes.")],
    encoder: Annotated[
        str, typer.Option(help="The frozen encoder: fingerprints, morgan, kmers, nano,kind=protein, auto:FOLDER, ...")
    ],
    table: Annotated[
        Path | None, typer.Option(help="Also a .npy or .parquet of the records with vectors, in order.")
    ] = None,
    lines: Annotated[bool, typer.Option("--lines", help="FILE holds an entity a line, as a person types it.")] = False,
    file_format: Annotated[
        str | None, typer.Option("--format", help="Where the file name does not tell, as of '-': sdf, smi, pdb, ...")
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Entities that go through a network together.")] = 32,
    rejects: RejectsFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was encoded as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Encode each record of a file, once: vectors that the folder holds already are kept, also of a stopped run.

    `biomatrix soft align --cache FOLDER` reads them from there. A record without vectors is listed with its reason; the
    others are encoded all the same.
    """
    from biomatrix.soft.encoders import open_encoder
    from biomatrix.soft.encoding import encode_file

    with shown_log(quiet):
        opened = open_encoder(encoder)
        found = encode_file(
            file, output, opened, file_format=file_format, one_a_line=lines, table=table, rejects=rejects,
            batch_size=batch_size, settings=settings_of(context),
        )  # fmt: skip
    counts = found.counts
    about = {"encoder": opened.spec, "encoder_hash": opened.hash, "kind": opened.kind, "k": opened.k, "d": opened.d}
    if as_json:
        made = table if counts.succeeded else None
        about |= {"new": found.new, "store": str(output), "table": None if made is None else str(made)}
        typer.echo(json.dumps({**json.loads(counts.as_json()), **about}))
    else:
        typer.echo(f"{found.new:,} encoded now, {opened.k} x {opened.d} numbers each, in {output}")
        typer.echo(counts.as_text())
    if not counts.succeeded:
        raise typer.Exit(1)


def _options() -> Mapping[str, type[Any]]:
    from biomatrix.entities.reading_options import options_by_kind

    return options_by_kind()
