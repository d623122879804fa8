"""``biomatrix tokenizer``: structure tokenizers as folders."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from biomatrix.cli.console import shown_log

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
    file: Annotated[Path, typer.Argument(help="A published tokenizer, as torch.save wrote it.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to make.")],
    max_length: Annotated[
        int, typer.Option(help="GCP-VQVAE: the longest chain it was configured for, which the file does not say.")
    ] = 1280,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was converted as JSON.")] = False,
) -> None:
    """Turn a published checkpoint into a folder that every --tokenizer option opens.

    MolStrucTok (molecules) or GCP-VQVAE (proteins), told apart by their tensors. Nothing in the file runs, names and
    shapes are strict, and sizes come from the tensors.
    """
    from biomatrix.entities.published import published_architecture

    if published_architecture(file) == "gcp_vqvae":
        from biomatrix.entities.protein.structure.gcp_vqvae.conversion import convert_checkpoint as convert_chains

        done: Any = convert_chains(file, output, max_length=max_length)
    else:
        from biomatrix.entities.molecule.structure.molstructok.conversion import convert_checkpoint

        done = convert_checkpoint(file, output)
    typer.echo(json.dumps(asdict(done), indent=2) if as_json else done.as_text())


@app.command(
    epilog="Example: biomatrix tokenizer train recipes/molecule_structure.toml --sources ../shared/data -o run"
)
def train(
    recipe: Annotated[Path, typer.Argument(help="A TOML recipe: what to make, of what, and how.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the checkpoint and of the tokenizer.")],
    sources: Annotated[Path, typer.Option(help="The folder of sources; proteins: or a table of chains.")] = Path("."),
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train a structure tokenizer; run again after a stop, it goes on from its checkpoint.

    The recipe says for molecules or for proteins. Held-out molecules and chains and published test sets are left out.
    OUTPUT/tokenizer then opens by its path wherever a tokenizer is named.
    """
    from biomatrix.training.protein_tokenizer import protein_architecture

    if protein_architecture(recipe) is not None:
        _train_protein(recipe, sources, output, as_json)
        return
    from biomatrix.training.molecule_tokenizer import read_molecule_recipe, train_molecule_tokenizer

    with shown_log():
        done = train_molecule_tokenizer(read_molecule_recipe(recipe), sources, output)
    if as_json:
        typer.echo(json.dumps(asdict(done) | {"folder": str(done.folder)}))
    else:
        typer.echo(
            f"{done.folder}: fingerprint {done.fingerprint}, from {done.molecules:,} conformers in {done.seconds:.0f} s"
        )


def _train_protein(recipe: Path, sources: Path, output: Path, as_json: bool) -> None:
    from biomatrix.training.protein_tokenizer import train_protein_tokenizer

    with shown_log():
        done = train_protein_tokenizer(recipe, sources, output)
    if done.fingerprint is not None:  # one process of several speaks
        typer.echo(json.dumps(asdict(done) | {"folder": str(done.folder)}) if as_json else done.as_text())
