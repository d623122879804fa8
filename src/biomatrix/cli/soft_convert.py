"""``biomatrix soft convert``: published encoders of cells to folders of safetensors, JSON and Parquet."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print what was converted as JSON.")]

app = typer.Typer(
    help="Turn published encoders of cells into folders that --encoder opens.",
    epilog="Example: biomatrix soft convert scgpt scGPT_human -o scgpt",
    no_args_is_help=True,
)


def register(parent: typer.Typer) -> None:
    """Add the command and its sub-commands to ``biomatrix soft``."""
    parent.add_typer(app, name="convert")


@app.callback()
def convert() -> None:
    """Turn published encoders of cells into folders that --encoder opens."""


@app.command(epilog="Example: biomatrix soft convert scgpt scGPT_human -o scgpt")
def scgpt(
    folder: Annotated[
        Path, typer.Argument(help="A folder with best_model.pt, args.json and vocab.json, as published.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to make.")],
    as_json: AsJson = False,
) -> None:
    """Turn a published scGPT into an encoder's folder.

    Nothing in the pickled file runs. Every tensor is used exactly once or is of a head that is named as left out;
    anything else is refused with its name.
    """
    from biomatrix.soft.encoders.cells.scgpt_conversion import convert_scgpt

    result = convert_scgpt(folder, output)
    typer.echo(json.dumps(asdict(result), indent=2) if as_json else result.as_text())


@app.command(
    epilog="Example: biomatrix soft convert geneformer token_dictionary_gc104M.pkl gene_median_dictionary_gc104M.pkl "
    "-o Geneformer-V2-104M/genes.parquet"
)
def geneformer(
    tokens: Annotated[Path, typer.Argument(help="The published token dictionary (.pkl).")],
    medians: Annotated[Path, typer.Argument(help="The published medians of genes (.pkl).")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The file to make: genes.parquet beside the published weights.")
    ],
    as_json: AsJson = False,
) -> None:
    """Turn the dictionaries of a Geneformer into the Parquet file that its encoder reads beside the weights.

    Geneformer V1 needs none: its dictionary comes with the package. Nothing in the pickled files runs.
    """
    from biomatrix.soft.encoders.cells.geneformer_conversion import convert_geneformer

    result = convert_geneformer(tokens, medians, output)
    typer.echo(json.dumps(asdict(result), indent=2) if as_json else result.as_text())
