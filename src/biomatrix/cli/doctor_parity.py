"""``biomatrix doctor parity``: does this package give what the published code gave?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from biomatrix.cli.console import progress_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from biomatrix.doctor.molecule_parity import MoleculeParity
    from biomatrix.doctor.parity import Parity

PUBLISHED_WEIGHTS = "molstructok_vqvae.safetensors"
"""What the published molecule weights are called beside the recordings made with them."""

_EXAMPLES = """Examples:

biomatrix doctor parity molecules.parquet --tokenizer molstructok_vqvae.safetensors

biomatrix doctor parity recordings/gcp_vqvae --full --json
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=_EXAMPLES)(parity)


def parity(
    recordings: Annotated[
        Path, typer.Argument(help="A table of recorded molecules (.parquet), or a folder of recorded chains.")
    ],
    tokenizer: Annotated[
        str | None,
        typer.Option(help=f"Molecules: the published weights; {PUBLISHED_WEIGHTS} beside the table by default."),
    ] = None,
    reference: Annotated[
        bool, typer.Option("--reference", help="Molecules: also stop where the published code stops.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Chains: also the network of published size; takes minutes.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable results.")] = False,
) -> None:
    """Compare with recorded values of the reference implementations; exits with 1 when parity is not reached."""
    from biomatrix.doctor.statistics import plain

    with progress_line(quiet=as_json) as say:
        result = _compare(recordings, tokenizer, reference, full, say)
    if as_json:
        typer.echo(json.dumps({"file": str(recordings), "reached": result.reached, **plain(result)}, indent=2))
    else:
        typer.echo(result.as_text())
    if not result.reached:
        raise typer.Exit(1)


def _compare(
    recordings: Path, tokenizer: str | None, reference: bool, full: bool, say: Callable[[str], None]
) -> Parity | MoleculeParity:
    from biomatrix.errors import ConfigurationError

    if recordings.is_dir():
        from biomatrix.doctor.protein_parity import protein_parity

        if tokenizer is not None or reference:
            raise ConfigurationError(
                "a folder of recorded chains holds its own weights: leave --tokenizer and --reference out"
            )
        return protein_parity(recordings, large=full, progress=lambda name: say(f"comparing: {name}"))
    from biomatrix.doctor.molecule_parity import molecule_parity
    from biomatrix.entities import MoleculeStructureTokenizer

    if full:
        raise ConfigurationError(
            "--full is for a folder of recorded chains; a table of molecules is always compared whole"
        )
    beside = recordings.parent / PUBLISHED_WEIGHTS
    if tokenizer is None and not beside.is_file():
        raise ConfigurationError(
            f"no {PUBLISHED_WEIGHTS} beside the recordings: give the weights they were made with as --tokenizer",
            file=str(recordings),
        )
    return molecule_parity(
        recordings, MoleculeStructureTokenizer.from_pretrained(tokenizer or beside, reference=reference or None)
    )
