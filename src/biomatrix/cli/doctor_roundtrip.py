"""``biomatrix doctor roundtrip``: how well does a structure tokenizer keep the records of a file?"""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from biomatrix.cli.console import shown_log


class _Kind(StrEnum):
    molecule = "molecule"
    protein = "protein"


class _Decoder(StrEnum):
    branch = "branch"
    trunk = "trunk"


class _Method(StrEnum):
    mmff = "mmff"
    uff = "uff"
    xtb = "xtb"


_EXAMPLES = """Examples:

biomatrix doctor roundtrip ligands.sdf --worst 5

biomatrix doctor roundtrip molecules.smi --tokenizer published.safetensors --open-loop --decoder trunk

biomatrix doctor roundtrip conformers.parquet --held-out --refine mmff --json

biomatrix doctor roundtrip 1s3v.pdb --noise 0.05 -o chains.csv
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=_EXAMPLES)(roundtrip)


def roundtrip(
    file: Annotated[
        Path,
        typer.Argument(
            help="Molecules (.sdf, .mol, .mol2, .smi, .selfies, .csv), chains (.pdb, .cif, .bcif), or a Parquet table."
        ),
    ],
    tokenizer: Annotated[
        str, typer.Option("--tokenizer", help="A shipped name, a folder, or a .safetensors file of published weights.")
    ] = "default",
    kind: Annotated[_Kind | None, typer.Option(help="What the file holds, where its name does not say.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many records.")] = None,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Only records that no shipped tokenizer was fitted on.")
    ] = False,
    closed_loop: Annotated[
        bool | None, typer.Option("--closed-loop/--open-loop", help="Molecules: override what the weights say.")
    ] = None,
    decoder: Annotated[
        _Decoder | None, typer.Option(help="Molecules: which decoder of the published checkpoint.")
    ] = None,
    reference: Annotated[
        bool, typer.Option("--reference", help="Molecules: behave exactly as the published code.")
    ] = False,
    embed: Annotated[
        bool, typer.Option("--embed/--no-embed", help="Molecules: embed SMILES by ETKDGv3 and MMFF94, seed 0.")
    ] = True,
    refine: Annotated[
        _Method | None, typer.Option(help="Molecules: also refine what was decoded; reports before and after.")
    ] = None,
    noise: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Proteins: also draw this share of the codes from a bigram model.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="Proteins: seed of --noise.")] = 0,
    worst: Annotated[int, typer.Option(min=0, help="List this many records of largest RMSD.")] = 0,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", "--csv", help="Write one line of CSV a record.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable results.")] = False,
) -> None:
    """Encode and decode every record of a file and report what changed; exits with 1 when a record failed.

    Reported are failures with reasons, RMSD after superposition (by size too), errors of bond lengths,
    stereochemistry or TM-score, the codes used, and rates. No force field runs unless --refine asks for one.
    """
    from biomatrix.doctor.molecule_roundtrip import MoleculeRoundTrip
    from biomatrix.doctor.roundtrip_files import RoundTripOptions, measure_file, write_table
    from biomatrix.doctor.roundtrip_text import molecule_text, protein_text
    from biomatrix.doctor.statistics import plain

    options = RoundTripOptions(
        tokenizer=tokenizer,
        kind=kind.value if kind else None,
        limit=limit,
        held_out=held_out,
        embed=embed,
        closed_loop=closed_loop,
        decoder=decoder.value if decoder else None,
        reference=reference,
        refine=refine.value if refine else None,
        noise=noise,
        seed=seed,
    )
    with shown_log():
        trip = measure_file(file, options)
    if output is not None:
        write_table(trip.each, output)
    if as_json:
        figures = plain(trip)
        del figures["each"]
        figures["worst"] = plain(trip.worst(worst))
        typer.echo(json.dumps({"file": str(file), "options": asdict(options), **figures}, indent=2))
    elif isinstance(trip, MoleculeRoundTrip):
        typer.echo(molecule_text(trip, worst))
    else:
        typer.echo(protein_text(trip, worst))
    if trip.failures or not trip.records:
        raise typer.Exit(1)
