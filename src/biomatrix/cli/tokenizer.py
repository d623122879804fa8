"""``biomatrix tokenizer``: structure tokenizers as folders."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from biomatrix.cli.console import Quiet, shown_log

LONGEST_CHAIN = 1_000_000
"""More than any chain has; a network of that many positions would fit into no memory."""

app = typer.Typer(
    help="Make structure tokenizer folders.",
    epilog="Example: biomatrix tokenizer convert molstructok_vqvae.bin -o molstructok",
    no_args_is_help=True,
)


def register(parent: typer.Typer) -> None:
    """Add the command and its sub-commands to the application."""
    parent.add_typer(app, name="tokenizer")


@app.callback()
def tokenizer() -> None:
    """Make structure tokenizer folders."""


@app.command(epilog="Example: biomatrix tokenizer convert molstructok_vqvae.bin -o molstructok")
def convert(
    file: Annotated[Path, typer.Argument(help="A published tokenizer, as torch.save wrote it.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to make.")],
    max_length: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=LONGEST_CHAIN,
            help="GCP-VQVAE: the longest chain of its configuration, which the file does not hold; 1280 when not "
            "given.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was converted as JSON.")] = False,
) -> None:
    """Turn a published checkpoint into a folder that every --tokenizer option opens.

    MolStrucTok or GCP-VQVAE, recognised by their tensors. Nothing in the file runs, names and shapes must match
    exactly, and sizes come from the tensors.
    """
    from biomatrix.entities.published import convert_published

    result = convert_published(file, output, max_length=max_length)
    typer.echo(json.dumps(asdict(result), indent=2) if as_json else result.as_text())


@app.command(
    epilog="Example: biomatrix tokenizer train recipes/molecule_structure.toml --sources ../shared/data -o run"
)
def train(
    recipe: Annotated[Path, typer.Argument(help="A TOML recipe: the tokenizer to train, its data and settings.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the checkpoint and of the tokenizer.")],
    sources: Annotated[Path, typer.Option(help="The folder of sources, or the one table to learn from.")] = Path("."),
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train a structure tokenizer; run again after a stop, it resumes from its checkpoint.

    The recipe names the kind and the architecture. Held-out entities and published test sets are left out.
    OUTPUT/tokenizer then opens by its path wherever a tokenizer is named.
    """
    from biomatrix.training.tokenizers import read_tokenizer_recipe, train_tokenizer

    with shown_log(quiet):
        result = train_tokenizer(read_tokenizer_recipe(recipe), sources, output)
    if result.fingerprint is not None:  # of several processes, one reports
        typer.echo(json.dumps(result.as_mapping()) if as_json else result.as_text())
