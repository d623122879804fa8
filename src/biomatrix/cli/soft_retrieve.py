"""``biomatrix soft retrieve``: the texts nearest to entities, and the entities nearest to a text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from biomatrix.cli.console import Quiet, refusals_in_json, shown_log
from biomatrix.cli.entity_options import GivenEntities, with_entity_options
from biomatrix.cli.plain_tables import text_table
from biomatrix.errors import ConfigurationError

EXAMPLE = (
    'biomatrix soft retrieve molecule_projector --molecule "CC(=O)Oc1ccccc1C(=O)O"; '
    'biomatrix soft retrieve molecule_projector --text "a fatty acid with two double bonds" --top 10'
)


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=f"Example: {EXAMPLE}")(with_entity_options(retrieve))


@refusals_in_json
def retrieve(
    given: GivenEntities,
    folder: Annotated[Path, typer.Argument(help="A folder of `biomatrix soft align`.")],
    text: Annotated[list[str] | None, typer.Option(help="What to find entities for; repeatable.")] = None,
    among: Annotated[
        Path | None, typer.Option(help="Texts to look among, one a line, in place of those of the folder.")
    ] = None,
    top: Annotated[int, typer.Option("--top", "-n", min=1, help="How many of the nearest.")] = 5,
    decoder: Annotated[
        str | None,
        typer.Option(help="The model it was aligned to, where it is not under the name that the folder tells."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Say which texts lie nearest to entities, and which entities to a text, by cosine.

    Looked among are those that the projector was judged on, and not those that it was trained on; --among gives other
    texts. The nearest is not always right: the folder's report.html says how often it was.
    """
    if bool(given.each) == bool(text):
        raise ConfigurationError("give entities (--molecule ...) or texts (--text), one of both")
    from biomatrix.soft.alignment.finding import nearest_entities, nearest_texts

    with shown_log(quiet):
        found = (
            nearest_texts(folder, given.read(), decoder, top, among)
            if given.each
            else nearest_entities(folder, text or [], decoder, top)
        )
    if as_json:
        typer.echo(json.dumps(found))
        return
    for one in found:
        typer.echo(one["asked"])
        head = ["", "cosine", f"among {one['among']:,} {'texts' if given.each else 'entities'}"]
        typer.echo("\n".join(text_table([head, *_rows(one["nearest"])])) + "\n")


def _rows(nearest: list[dict[str, object]]) -> list[list[str]]:
    return [[str(at), f"{each['cosine']:.3f}", str(each["found"])] for at, each in enumerate(nearest, start=1)]
