"""``biomatrix metrics``: metrics against recordings of the official code."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from biomatrix.cli.console import refusals_in_json
from biomatrix.errors import BioMatrixError

if TYPE_CHECKING:
    from biomatrix.metrics.parity.checking import Checked

app = typer.Typer(
    help="Compare metrics with recordings of the official code.",
    epilog="Example: biomatrix metrics check smolinstruct_smiles.json",
    no_args_is_help=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print machine-readable results.")]


def register(parent: typer.Typer) -> None:
    """Add the command and its sub-commands to the application."""
    parent.add_typer(app, name="metrics")


@app.callback()
def metrics() -> None:
    """Compare metrics with recordings of the official code."""


@app.command(epilog="Example: biomatrix metrics check recordings/*.json --json")
@refusals_in_json
def check(
    files: Annotated[list[Path], typer.Argument(help="Fixtures: inputs, and what the official code made of them.")],
    as_json: AsJson = False,
) -> None:
    """Compute recorded metrics anew and compare every value; exits with 1 where one differs or none was compared."""
    from biomatrix.metrics.parity.checking import check_fixture
    from biomatrix.metrics.parity.reporting import lines_of

    records: list[dict[str, Any]] = []
    for path in files:
        try:
            checked = check_fixture(path)
        except BioMatrixError as error:
            records.append({"file": str(path), "reached": False, "error": str(error)})
            if not as_json:
                typer.echo(f"biomatrix: {error}", err=True)
            continue
        records.append(_record(path, checked))
        if not as_json:
            for line in lines_of(checked, str(path)):
                typer.echo(line)
    if as_json:
        typer.echo(json.dumps(records, indent=2, ensure_ascii=False))
    if not all(record["reached"] for record in records):
        raise typer.Exit(1)


@app.command(epilog="Example: biomatrix metrics wordnet --from /usr/share/wordnet")
@refusals_in_json
def wordnet(
    source: Annotated[
        Path | None,
        typer.Option("--from", help="A folder with the files of WordNet; by default that of Debian's wordnet-base."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set up WordNet 3.0, which METEOR needs: copy its files to the cache and print where, and which version it is."""
    from biomatrix.metrics.wordnet import set_up

    folder, version = set_up(source)
    record = {"folder": str(folder), "version": version}
    typer.echo(json.dumps(record) if as_json else f"WordNet {version} in {folder}")


def _record(path: Path, checked: Checked) -> dict[str, Any]:
    return {
        "file": str(path),
        "metric": checked.fixture.metric,
        "adapter": checked.adapter,
        "reached": checked.reached,
        **{outcome: checked.count(outcome) for outcome in ("pass", "fail", "skipped")},
        "values": [asdict(value) for value in checked.values],
    }
