"""``biomatrix tokenizer``: structure tokenizers as folders."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Make structure tokenizer folders.",
    epilog="Example: biomatrix tokenizer convert molstructok_vqvae.bin -o molstructok",
    no_args_is_help=True,
)


@app.callback()
def tokenizer() -> None:
    """Make structure tokenizer folders."""


@app.command(epilog="Example: biomatrix tokenizer convert molstructok_vqvae.bin -o molstructok")
def convert(
    file: Annotated[Path, typer.Argument(help="The published molecule tokenizer, as torch.save wrote it.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to make.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print what was converted as JSON.")] = False,
) -> None:
    """Turn the published MolStrucTok checkpoint into a folder that every --tokenizer option opens.

    Nothing in the file runs, names and shapes are strict, and sizes come from the tensors.
    """
    from biomatrix.structure.molecule.molstructok.conversion import convert_checkpoint

    done = convert_checkpoint(file, output)
    typer.echo(json.dumps(asdict(done), indent=2) if as_json else done.as_text())
