"""``biomatrix corpus``: sources to packed token shards."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from biomatrix.cli import corpus_conversations, corpus_inspect, corpus_plan, corpus_sources, corpus_stats
from biomatrix.cli.console import Quiet, shown_log


class LauncherName(StrEnum):
    """Who does the work of a build."""

    LOCAL = "local"
    RAY = "ray"
    SLURM = "slurm"


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

for part in (corpus_sources, corpus_conversations, corpus_stats, corpus_inspect, corpus_plan):
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
    launcher: Annotated[
        LauncherName, typer.Option(help="Who works: processes of this machine, a Ray cluster, tasks of a SLURM array.")
    ] = LauncherName.LOCAL,
    array_tasks: Annotated[int, typer.Option(min=1, max=100_000, help="Tasks of the SLURM array.")] = 4,
    sbatch: Annotated[
        list[str] | None, typer.Option(help="An option of sbatch, such as --partition=cpu; may be repeated.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Build a corpus; run again after a stop, it resumes.

    The same command on several machines over one work folder shares the work among them. Refused records are
    listed with their reasons in the work folder, and counted by kind of fault at the end.
    """
    from biomatrix.corpus.build import build_corpus
    from biomatrix.corpus.check_build import check_build
    from biomatrix.corpus.ray_launcher import RayCluster
    from biomatrix.corpus.recipe import CorpusRecipe
    from biomatrix.corpus.slurm import SlurmArray

    wanted = CorpusRecipe.from_file(recipe)
    with shown_log(quiet):
        if launcher is LauncherName.SLURM:
            check_build(wanted, data, (output, shards or output), vocabulary)
            places = {"--data": data, "--output": output, "--vocabulary": vocabulary, "--shards": shards}
            given = [word for name, path in places.items() if path is not None for word in (name, str(path))]
            arguments = ["corpus", "build", str(recipe), *given, "--workers", str(workers), *(["--quiet"] * quiet)]
            typer.echo(SlurmArray(array_tasks, workers, tuple(sbatch or ())).submit(arguments, output))
            return
        crew = RayCluster(workers) if launcher is LauncherName.RAY else workers
        result = build_corpus(wanted, data, output, vocabulary=vocabulary, shards=shards, workers=crew)
    typer.echo(str(result))
