"""``biomatrix pretrain``: next-token training on token shards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from biomatrix.cli.console import report_training, share_processors, show_log


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog="Example: biomatrix pretrain recipes/nano_pretrain.toml")(pretrain)


def pretrain(
    recipe: Annotated[Path, typer.Argument(help="A TOML recipe: model, data, batches, optimiser, run.")],
    resume: Annotated[bool, typer.Option(help="Go on from the newest checkpoint in the output folder.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train a Qwen3 decoder from scratch or from a checkpoint; run again after a stop, it resumes exactly."""
    from biomatrix.training import load_recipe

    share_processors()
    from biomatrix.training import pretrain as run

    show_log()
    report_training(run(load_recipe(recipe), resume=resume), as_json)
