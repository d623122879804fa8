"""``biomatrix corpus sources`` and ``get``: what a corpus can be made of, and its files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from biomatrix.cli.console import Quiet, refusals_in_json, shown_log
from biomatrix.cli.plain_tables import short_bytes, short_count, text_table

if TYPE_CHECKING:
    from biomatrix.corpus.sources.catalogue import Entry
    from biomatrix.corpus.sources.fetching import Fetched
    from biomatrix.corpus.sources.published.source_card import SourceCard

AsJson = Annotated[bool, typer.Option("--json", help="Print machine-readable results.")]


def register(app: typer.Typer) -> None:
    """Add the commands to their group."""
    app.command(epilog="Example: biomatrix corpus sources --data data; biomatrix corpus sources uniref50")(sources)
    app.command(
        epilog="Example: biomatrix corpus get uniref50 --data data; biomatrix corpus get afdb --data data --from copy"
    )(get)


@refusals_in_json
def sources(
    name: Annotated[str | None, typer.Argument(help="A source, to see all that is known of it.")] = None,
    data: Annotated[Path | None, typer.Option(help="The data folder, to see which files are there.")] = None,
    as_json: AsJson = False,
) -> None:
    """List every source: category, licence, whether weights may be shipped, size as published, files that are here."""
    from biomatrix.corpus.sources.catalogue import entries, entry_of

    if name is not None:
        _show_one(entry_of(name, data), as_json)
        return
    found = list(entries(data))
    if as_json:
        typer.echo(json.dumps([entry.as_json() for entry in found], indent=2, ensure_ascii=False))
        return
    heads = ("source", "made", "category", "part", "ship", "records", "size", "here", "licence")
    for line in text_table([heads, *map(_cells, found)]):
        typer.echo(line)


def _cells(entry: Entry) -> tuple[str, ...]:
    return (
        entry.name,
        entry.made,
        entry.category or "-",
        entry.part,
        "yes" if entry.shippable else "no",
        short_count(entry.records) if entry.records else "-",
        short_bytes(entry.size) if entry.size else "-",
        {None: "-", True: "yes", False: "no"}[entry.present],
        ", ".join(entry.licence),
    )


def _show_one(entry: Entry, as_json: bool) -> None:
    from biomatrix.corpus.sources.published.source_card import card, card_names

    described = card(entry.name).model_dump() if entry.name in card_names() else {}
    whole = {**described, **entry.as_json()}
    if as_json:
        typer.echo(json.dumps(whole, indent=2, ensure_ascii=False))
        return
    for key, value in whole.items():
        for line in _told(key, value):
            typer.echo(line)


def _told(key: str, value: Any) -> Iterator[str]:
    if value in (None, "", [], {}) or (key in ("records", "size") and not value):  # 0: not stated
        return
    if isinstance(value, dict):
        yield f"{key}:"
        yield from (f"  {name}: {one}" for name, one in value.items())
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield f"{key}:"
        yield from ("  " + ", ".join(f"{name}: {one}" for name, one in part.items() if one) for part in value)
    else:
        yield f"{key}: {', '.join(map(str, value)) if isinstance(value, list | tuple) else value}"


@refusals_in_json
def get(
    names: Annotated[list[str], typer.Argument(help="Published sources, as `biomatrix corpus sources` lists them.")],
    data: Annotated[Path, typer.Option(help="The data folder that the files go to.")],
    origin: Annotated[
        Path | None,
        typer.Option("--from", metavar="FOLDER", help="A local copy of the files; nothing is downloaded."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="The most files of each folder that is listed.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be fetched and how large it is.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Put the official files of sources into the data folder: checked, resumed where cut off, whole or not at all.

    Run again after a stop, it goes on where it stood.
    """
    from biomatrix.corpus.sources.fetching import fetch_card, planned
    from biomatrix.corpus.sources.published.source_card import card

    results: dict[str, list[Fetched]] = {}
    for described in map(card, dict.fromkeys(names)):
        _announce(described)
        with shown_log(quiet):
            results[described.name] = (
                planned(described, data, limit) if dry_run else fetch_card(described, data, origin, limit)
            )
    if as_json:
        rows = {name: [_row(one) for one in files] for name, files in results.items()}
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for files in results.values():
        for one in files:
            typer.echo(f"{one.state}  {short_bytes(one.size) if one.size else 'size unknown'}  {one.file.path}")


def _announce(described: SourceCard) -> None:
    """Say on standard error under which terms a source stands, and what must be done by hand."""
    terms = f"; {described.terms}" if described.terms else ""
    typer.echo(f"{described.name}: {', '.join(described.licence)}{terms}; {described.homepage}", err=True)
    if described.by_hand:
        typer.echo(f"{described.name}, by hand: {described.by_hand}", err=True)


def _row(one: Fetched) -> dict[str, Any]:
    return {"path": one.file.path, "url": one.file.url, "state": one.state, "bytes": one.size}
