"""``biomatrix models``: what can be opened without a network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from biomatrix.generation.catalogue import CatalogueEntry

_UNITS = {"stated_error": "A stated error", "rmsd_mean": "A RMSD", "rmsd_median": "A median RMSD", "tm_mean": "TM"}
_HEADS = ("name", "place", "size", "for", "architecture", "codes", "licence", "figures", "used by, uses")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog="Example: biomatrix models --json")(models)


def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON, with folders.")] = False,
) -> None:
    """List every model and structure tokenizer that is shipped or in the Hugging Face cache, and what uses it.

    Nothing is fetched. Figures are those that the weights' config states; RMSD in Angstrom.
    """
    from biomatrix.generation.catalogue import catalogue

    entries = catalogue()
    if as_json:
        typer.echo(json.dumps([entry.as_mapping() for entry in entries], indent=2))
    else:
        typer.echo(_table(entries))


def _table(entries: Sequence[CatalogueEntry]) -> str:
    names = {entry.fingerprint: entry.name for entry in entries if entry.fingerprint}
    rows = [_HEADS, *(_row(entry, names) for entry in entries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)


def _row(entry: CatalogueEntry, names: Mapping[str, str]) -> tuple[str, ...]:
    uses = [f"{modality}: {names.get(mark, mark)}" for modality, mark in (entry.uses or {}).items()]
    return (
        entry.name,
        entry.place,
        f"{entry.size / 1e6:.2f} MB",
        entry.kind or entry.role,
        entry.architecture,
        f"{entry.codes:,}" if entry.codes else "-",
        entry.licence or "-",
        ", ".join(f"{value:g} {_UNITS[name]}" for name, value in (entry.figures or {}).items()) or "-",
        ", ".join([*entry.used_by, *uses]) or "-",
    )
