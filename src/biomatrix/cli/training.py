"""``biomatrix pretrain`` and ``biomatrix finetune``: training runs from recipes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from biomatrix.cli.console import Quiet, shown_log

if TYPE_CHECKING:
    from biomatrix.training import TrainingResult

RecipeFile = Annotated[Path, typer.Argument(help="A TOML recipe: model, data, batches, optimiser, run.")]
Resume = Annotated[bool, typer.Option(help="Go on from the newest checkpoint in the output folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def register(app: typer.Typer) -> None:
    """Add both commands to the application."""
    app.command(epilog="Example: biomatrix pretrain recipes/nano_pretrain.toml")(pretrain)
    app.command(epilog="Example: biomatrix finetune recipes/nano_finetune.toml")(finetune)


def pretrain(recipe: RecipeFile, resume: Resume = True, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Train a Qwen3 decoder from scratch or from a checkpoint; run again after a stop, it resumes exactly."""
    from biomatrix.training import load_recipe

    settings = load_recipe(recipe)  # before what takes seconds to import
    from biomatrix.training import pretrain as run

    with shown_log(quiet):
        result = run(settings, resume=resume)
    report(result, as_json)


def finetune(recipe: RecipeFile, resume: Resume = True, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Tune a trained model on instructions; run again after a stop, it resumes exactly."""
    from biomatrix.training import load_recipe

    settings = load_recipe(recipe)  # before what takes seconds to import
    from biomatrix.training import finetune as run

    with shown_log(quiet):
        result = run(settings, resume=resume)
    report(result, as_json)


def report(result: TrainingResult, as_json: bool) -> None:
    """Print how a run ended; exit with 1 where a signal stopped it, which saves its state."""
    if as_json:
        paths = {"checkpoint": str(result.checkpoint), "best": str(result.best) if result.best else None}
        typer.echo(json.dumps(asdict(result) | paths))
    else:
        state = "finished" if result.finished else "stopped and saved; run again to resume"
        typer.echo(f"{state} at step {result.step:,}: {result.checkpoint}")
        if result.best:
            typer.echo(f"  best held-out loss: {result.best}")
        for name, figures in result.held_out.items():
            typer.echo(f"  {name}: " + ", ".join(f"{key} {value:.3f}" for key, value in figures.items()))
        for name, figures in result.held_out_averaged.items():
            typer.echo(f"  averaged, {name}: " + ", ".join(f"{key} {value:.3f}" for key, value in figures.items()))
    if not result.finished:
        raise typer.Exit(1)
