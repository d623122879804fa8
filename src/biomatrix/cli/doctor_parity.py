"""``biomatrix doctor parity``: does this package give the results of the published code?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from biomatrix.cli.console import Quiet, progress_line
from biomatrix.cli.kind_options import command_with, settings_of

_EXAMPLES = """Examples:

biomatrix doctor parity molecules.parquet --tokenizer molstructok_vqvae.safetensors

biomatrix doctor parity recordings/gcp_vqvae --full --json
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=_EXAMPLES, cls=command_with(_options))(parity)


def parity(
    context: typer.Context,
    recordings: Annotated[Path, typer.Argument(help="A table or a folder of recordings of published code.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable results.")] = False,
    quiet: Quiet = False,
) -> None:
    """Compare with recorded values of the reference implementations; exits with 1 when parity is not reached."""
    from biomatrix.doctor.parity import compare_recordings
    from biomatrix.metrics.summaries import plain

    with progress_line(quiet or as_json) as say:
        result = compare_recordings(recordings, settings_of(context), lambda name: say(f"comparing: {name}"))
    if as_json:
        typer.echo(json.dumps({"file": str(recordings), "reached": result.reached, **plain(result)}, indent=2))
    else:
        typer.echo(result.as_text())
    if not result.reached:
        raise typer.Exit(1)


def _options() -> Mapping[str, type[Any]]:
    from biomatrix.doctor.parity import options_by_subject

    return options_by_subject()
