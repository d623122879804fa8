"""``biomatrix doctor``: is this installation sound?"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from biomatrix.cli import doctor_parity, doctor_roundtrip
from biomatrix.cli.console import Quiet, progress_line

app = typer.Typer(
    help="Examine the installation, the weights, the vocabulary, and round trips of bundled entities.",
    epilog="Example: biomatrix doctor --json; biomatrix doctor roundtrip ligands.sdf",
    invoke_without_command=True,
)

doctor_roundtrip.register(app)
doctor_parity.register(app)

_MARKS = {"ok": "ok     ", "warning": "warning", "failed": "FAILED "}


def register(parent: typer.Typer) -> None:
    """Add the command and its sub-commands to the application."""
    parent.add_typer(app, name="doctor")


@app.callback()
def doctor(
    context: typer.Context,
    model: Annotated[str, typer.Option(help="The model to examine: a shipped name, a folder or a hub id.")] = "nano",
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable findings.")] = False,
    quiet: Quiet = False,
) -> None:
    """Examine the installation; exits with 1 when anything failed."""
    if context.invoked_subcommand is not None:
        return
    from biomatrix.doctor import examine, worst

    with progress_line(quiet or as_json) as say:
        findings = list(examine(model, say))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            typer.echo(f"{_MARKS[finding.status]} {finding.area}: {finding.subject}: {finding.detail}")
    if worst(findings) == "failed":
        raise typer.Exit(1)
