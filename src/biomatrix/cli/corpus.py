"""``biomatrix corpus``: sources to packed token shards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from biomatrix.cli import corpus_inspect, corpus_sources, corpus_stats
from biomatrix.cli.console import Quiet, shown_log


class BuildsByDefault(TyperGroup):
    """The group, which takes ``corpus RECIPE`` for ``corpus build RECIPE``, as it was called before it had others."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``build`` in front where the first word is neither a command nor a question for help."""
        first = args[0] if args else "--help"
        named = first in self.commands or first == "--help"
        recipe = any(word.endswith(".toml") or Path(word).is_file() for word in args)
        return list(super().parse_args(ctx, args if named or not recipe else ["build", *args]))


app = typer.Typer(
    cls=BuildsByDefault,
    help="Build corpora: sources, their files, documents, token shards.",
    epilog="Example: biomatrix corpus build recipes/nano_corpus.toml --data data --output runs/nano_corpus --workers 2",
    no_args_is_help=True,
)

for part in (corpus_sources, corpus_stats, corpus_inspect):
    part.register(app)


def register(parent: typer.Typer) -> None:
    """Add the command and its sub-commands to the application."""
    parent.add_typer(app, name="corpus")


@app.callback()
def corpus() -> None:
    """Build corpora: sources, their files, documents, token shards."""


@app.command(epilog="Example: biomatrix corpus build recipes/nano_corpus.toml --data data --output runs/nano_corpus")
def build(
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
