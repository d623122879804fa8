"""``biomatrix corpus``: sources to packed token shards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from biomatrix.cli.console import Quiet, shown_log


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        epilog="Example: biomatrix corpus recipes/nano_corpus.toml --data data --output runs/nano_corpus --workers 2"
    )(corpus)


def corpus(
    recipe: Annotated[Path, typer.Argument(help="A TOML recipe: sources, views, tasks, vocabulary.")],
    data: Annotated[Path, typer.Option(help="The folder to which the files of sources are relative.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Work folder; finished steps in it are kept.")],
    vocabulary: Annotated[
        Path | None, typer.Option(help="A saved vocabulary; the corpus makes its own when not given.")
    ] = None,
    shards: Annotated[
        Path | None, typer.Option(help="Where the shards go; the folder shards in the work folder when not given.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Number of processes; the bytes do not depend on it.")] = 1,
    quiet: Quiet = False,
) -> None:
    """Build a corpus; run again after a stop, it resumes.

    The same command on several machines over one work folder shares the work among them. Refused records are
    listed with their reasons in the work folder, and counted by kind of fault at the end.
    """
    from biomatrix.corpus.build import build_corpus
    from biomatrix.corpus.recipe import CorpusRecipe

    with shown_log(quiet):
        result = build_corpus(
            CorpusRecipe.from_file(recipe), data, output, vocabulary=vocabulary, shards=shards, workers=workers
        )
    typer.echo(str(result))
