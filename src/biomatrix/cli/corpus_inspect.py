"""``biomatrix corpus inspect``: documents of a corpus, or records of a source before a build."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from biomatrix.cli.console import refusals_in_json

if TYPE_CHECKING:
    from biomatrix.corpus.inspection import Shown
    from biomatrix.corpus.source_recipe import SourceRecipe

_LONGEST = 600
WHAT = "A built corpus; or with --data, before any build, a source or the sources of a recipe."


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command(
        epilog="Example: biomatrix corpus inspect runs/nano_corpus --view molecule_mixed --count 2; "
        "biomatrix corpus inspect uniref50 --data data; biomatrix corpus inspect mine.toml --source assays --data data"
    )(inspect)


@refusals_in_json
def inspect(
    what: Annotated[str, typer.Argument(metavar="FOLDER|SOURCE|RECIPE", help=WHAT)],
    view: Annotated[str | None, typer.Option(help="Documents of this view or task alone.")] = None,
    source: Annotated[str | None, typer.Option(help="Documents, or of a recipe records, of this source alone.")] = None,
    data: Annotated[Path | None, typer.Option(help="The data folder: show records of a source, not documents.")] = None,
    vocabulary: Annotated[Path | None, typer.Option(help="The corpus's vocabulary, where not in its folder.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 3,
    seed: Annotated[int, typer.Option(help="Which documents are drawn.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable results.")] = False,
) -> None:
    """Show documents with their typed segments, loss weights and origin; or records and rejects of sources.

    In text, [modality] opens a segment, and what is only context, not learned, stands in {braces}.
    """
    if data is not None:
        _show_records(_entries(what, source), data, count, as_json)
        return
    from biomatrix.corpus.inspection import chosen_documents, shown_document
    from biomatrix.corpus.work_folder import WorkFolder

    built = WorkFolder.at(Path(what), vocabulary)
    opened = built.vocabulary()
    found = [shown_document(built, one, opened) for one in chosen_documents(built, view, source, count, seed)]
    if as_json:
        typer.echo(json.dumps([one.as_json() for one in found], indent=2, ensure_ascii=False))
        return
    for one in found:
        typer.echo(_as_text(one) + "\n")


def _as_text(one: Shown) -> str:
    origin = f", {one.source}: {one.record}" if one.source else ""
    lines = [f"document {one.number}, {one.view}{origin}"]
    for piece in one.pieces:
        text = piece.text if len(piece.text) <= _LONGEST else f"{piece.text[:_LONGEST]}..."
        told = text.replace("\n", "\n    ")
        weight = "" if piece.weight in (0.0, 1.0) else f" (weight {piece.weight:.2f})"
        lines.append(f"  [{piece.modality or 'text'}, {piece.tokens} tokens]{weight} {_learned(told, piece.weight)}")
    return "\n".join(lines)


def _learned(text: str, weight: float) -> str:
    return text if weight else f"{{{text}}}"


def _entries(what: str, source: str | None) -> list[SourceRecipe]:
    """Return the one source of that name, or those of a recipe, or one of those."""
    from biomatrix.corpus.recipe import CorpusRecipe
    from biomatrix.corpus.source_recipe import SourceRecipe
    from biomatrix.entities.near_matches import choices
    from biomatrix.errors import ConfigurationError

    if not what.endswith(".toml"):
        return [SourceRecipe(name=what)]
    found = CorpusRecipe.from_file(what).sources
    names = [entry.name for entry in found]
    if source is not None and source not in names:
        raise ConfigurationError(f"no source {source!r} in the recipe; {choices(source, names)}", file=what)
    return [entry for entry in found if source in (None, entry.name)]


def _show_records(entries: Sequence[SourceRecipe], data: Path, count: int, as_json: bool) -> None:
    from biomatrix.corpus.inspection import described_record, source_records
    from biomatrix.corpus.sources import open_source
    from biomatrix.errors import BioMatrixError, ConfigurationError

    rows: list[dict[str, Any]] = []
    for entry in entries:
        source = open_source(entry, data)
        source.check_files()
        before = len(rows)
        for identifier, found in source_records(source, count):
            if isinstance(found, BioMatrixError):
                about = {"id": identifier, "refused": found.message}
            else:
                about = described_record(found)
            rows.append({**about, "source": entry.name} if len(entries) > 1 else about)
        if len(rows) == before:
            place = str(source.paths[0]) if source.paths else None
            raise ConfigurationError(f"source {entry.name}: no record in its files", file=place)
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        row["id"] = f"{row['source']}: {row['id']}" if "source" in row else row["id"]
        typer.echo(f"{row['id']}: refused: {row['refused']}" if "refused" in row else _record_text(row))


def _record_text(row: dict[str, Any]) -> str:
    lines = [f"{row['id']}: {row['kind']}, {row['split']}"]
    pairs = {**row["entities"], **row["fields"]}
    lines += [f"  {name}: {value[:_LONGEST]}" for name, value in pairs.items()]
    return "\n".join(lines)
