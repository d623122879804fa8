"""``biomatrix train``: runs from recipes and what they take, mixtures of a corpus, averages of models, curves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from biomatrix.cli import train_plan, training
from biomatrix.cli.console import refusals_in_json
from biomatrix.cli.plain_tables import short_count, text_table
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.training.mixture_table import GroupShares

app = typer.Typer(
    help="Train models: plan, compare mixtures, pretrain, finetune, average, draw curves.",
    epilog="Example: biomatrix train pretrain recipes/nano_pretrain.toml",
    no_args_is_help=True,
)
app.command(epilog="Example: biomatrix train pretrain recipes/nano_pretrain.toml")(training.pretrain)
app.command(epilog="Example: biomatrix train finetune recipes/nano_finetune.toml")(training.finetune)
train_plan.register(app)


class GroupedBy(StrEnum):
    """What a mixture weighs."""

    VIEW = "view"
    SOURCE = "source"


def register(parent: typer.Typer) -> None:
    """Add the command and its sub-commands to the application."""
    parent.add_typer(app, name="train")


@app.callback()
def train() -> None:
    """Train models: plan, compare mixtures, pretrain, finetune, average, draw curves."""


@app.command(epilog="Example: biomatrix train plot runs/nano_pretrain -o curves.html")
@refusals_in_json
def plot(
    run: Annotated[Path, typer.Argument(help="The output folder of a run, which may still be going on.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A page, .html, or a drawing, .svg; curves.html in the run's folder."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print where the run stands as JSON.")] = False,
) -> None:
    """Draw a run's curves: loss, held-out loss by modality and task, learning rate, tokens/s, MFU."""
    from biomatrix.report.training_curves import write_curves

    place = output or (run if run.is_dir() else run.parent) / "curves.html"
    found = write_curves(run, place)
    if as_json:
        last = {"training": found.steps[-1:], "held_out": found.held_out[-1:]}
        newest = {key: lines[0] if lines else None for key, lines in last.items()}
        typer.echo(json.dumps({"output": str(place), "damaged_lines": found.damaged, **newest}, indent=2))
        return
    typer.echo(f"{place}: {found.summary()}")


@app.command(epilog="Example: biomatrix train average runs/a/model runs/b/model -o runs/mean --weights 0.7,0.3")
@refusals_in_json
def average(
    folders: Annotated[list[Path], typer.Argument(help="Model folders or checkpoints of one architecture.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A new folder for the averaged model.")],
    weights: Annotated[
        str | None, typer.Option(help="A weight for each folder, as 0.7,0.3; scaled to a sum of 1. Equal if none.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the shares as JSON.")] = False,
) -> None:
    """Average the weights of models of one architecture into a model folder that stock loaders open."""
    try:
        given = [float(weight) for weight in (weights or "").split(",") if weight.strip()]
    except ValueError as error:
        raise ConfigurationError(f"--weights takes numbers with commas between, as 0.7,0.3, not {weights!r}") from error
    from biomatrix.training.model_average import average_models

    shares = average_models(folders, output, given)
    if as_json:
        typer.echo(json.dumps({"output": str(output), "shares": shares}, indent=2))
        return
    typer.echo(f"{output}: the mean of " + ", ".join(f"{share:.3g} {folder}" for folder, share in shares.items()))


@app.command(epilog="Example: biomatrix train mixture runs/nano_corpus --max-epochs 4")
@refusals_in_json
def mixture(
    corpus: Annotated[Path, typer.Argument(help="A corpus folder: the shards of a build, or the folder train in it.")],
    by: Annotated[GroupedBy, typer.Option(help="Weigh views and tasks, or sources.")] = GroupedBy.VIEW,
    budget: Annotated[
        int | None, typer.Option(min=1, help="Predicted tokens of the run; those of the corpus if none.")
    ] = None,
    temperature: Annotated[float, typer.Option(min=1e-3, help="Of the sampler temperature.")] = 2.0,
    max_epochs: Annotated[float, typer.Option(min=1e-3, help="Of the sampler unimax.")] = 4.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable results.")] = False,
) -> None:
    """Compare samplers on a corpus: each group's share of tokens, and how often it is seen within the budget."""
    from biomatrix.corpus.groups import document_groups
    from biomatrix.corpus.shards import TokenShards
    from biomatrix.training.mixture_table import compared, samplers

    groups = document_groups(TokenShards(corpus), "view" if by is GroupedBy.VIEW else "source")
    tokens = budget or int(groups.tokens.sum())
    rows = compared(groups, samplers(temperature, max_epochs, tokens), tokens)
    if as_json:
        typer.echo(json.dumps({"budget_tokens": tokens, "groups": [asdict(row) for row in rows]}, indent=2))
        return
    typer.echo(f"share of tokens and epochs within {short_count(tokens)} predicted tokens, by {by.value}")
    typer.echo("\n".join(text_table(mixture_table(rows))))


def mixture_table(rows: Sequence[GroupShares]) -> list[list[str]]:
    """Return the rows of a table, its heads first: what each group holds, then its share and epochs by sampler."""
    samplers = list(rows[0].shares) if rows else []
    heads = ["group", "documents", "tokens", *(head for name in samplers for head in (name, "epochs"))]
    return [
        heads,
        *(
            [
                row.name,
                short_count(row.documents),
                short_count(row.tokens),
                *(text for name in samplers for text in (f"{row.shares[name]:.2%}", f"{row.epochs[name]:.3g}")),
            ]
            for row in rows
        ),
    ]
