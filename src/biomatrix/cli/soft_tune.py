"""``biomatrix soft tune``: instruction tuning of a decoder that reads entities as vectors."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from biomatrix.cli.console import Quiet, refusals_in_json, shown_log

if TYPE_CHECKING:
    from biomatrix.soft.tuning import SoftTuningResult

EXAMPLE = "biomatrix soft tune recipes/soft_esol.toml"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=f"Example: {EXAMPLE}")(tune)


@refusals_in_json
def tune(
    recipe: Annotated[
        Path,
        typer.Argument(help="A TOML recipe: model, task, soft, and the trainer's batches, optimiser, tuning, run."),
    ],
    resume: Annotated[bool, typer.Option(help="Go on from the newest checkpoint in the output folder.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Tune a decoder on questions about entities shown as vectors; run again after a stop, it resumes exactly.

    Writes the merged decoder to OUTPUT/model, which stock loaders open, and its projector to OUTPUT/projector.
    """
    from biomatrix.soft.tuning.recipe import load_soft_recipe

    settings = load_soft_recipe(recipe)  # before what takes seconds to import
    from biomatrix.soft.tuning.choosing import soft_tune

    with shown_log(quiet):
        result = soft_tune(settings, resume=resume)
    typer.echo(json.dumps(as_values(result)) if as_json else told(result))
    if not result.training.finished:
        raise typer.Exit(1)


def as_values(result: SoftTuningResult) -> dict[str, Any]:
    """Return a result as JSON values."""
    return {
        "finished": result.training.finished,
        "step": result.training.step,
        "checkpoint": str(result.training.checkpoint),
        "trained_parameters": result.trained_parameters,
        "examples": result.examples,
        "refused": result.refused,
        "split": result.split,
        "model": None if result.model is None else str(result.model),
        "projector": None if result.projector is None else str(result.projector),
        "tried": [{**asdict(one), "nats": one.nats if math.isfinite(one.nats) else None} for one in result.tried],
    }


def told(result: SoftTuningResult) -> str:
    """Return a result in lines."""
    training = result.training
    tried = "".join(
        f"\n  candidate {one.name}: {one.fault or f'held-out loss {one.nats:.4f}, {one.step:,} updates'}"
        for one in result.tried
    )
    counts = f"{result.examples:,} examples, {result.refused:,} refused; the test is apart {result.split}{tried}"
    if not training.finished:
        return f"stopped and saved at step {training.step:,}; run again to resume: {training.checkpoint}\n  {counts}"
    asked = f'biomatrix soft ask {training.checkpoint.parent} "QUESTION" --KIND FILE'
    return (
        f"finished at step {training.step:,}: {result.trained_parameters:,} weights moved\n  {counts}\n"
        f"  decoder {result.model}, projector {result.projector}\n  to ask it: {asked}"
    )
