"""``biomatrix train plan``: the memory, days and money that training a size takes on some GPUs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from biomatrix.cli.console import refusals_in_json
from biomatrix.cli.corpus_stats import Section, write_page
from biomatrix.cli.plain_tables import short_count, short_time, text_table
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.training import Recipe
    from biomatrix.training.planning import DecoderShape, PlannedRun, TrainingSetting

PUBLISHED_TOKENS: Final = 304.4e9
PUBLISHED_ROWS: Final = 168_000
GPUS: Final = (1, 8, 64)


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command(epilog="Example: biomatrix train plan --size 1.7B --size 4B --gpus 8 --gpus 64 -o plan.md")(plan)


@refusals_in_json
def plan(
    recipe: Annotated[
        Path | None, typer.Argument(help="A TOML recipe: its model and batches; the published run's if none.")
    ] = None,
    size: Annotated[
        list[str] | None, typer.Option(help="A size of Qwen3: 0.6B, 1.7B, 4B, 8B; repeatable. 1.7B and 4B if none.")
    ] = None,
    gpus: Annotated[list[int] | None, typer.Option(min=1, help="GPUs; repeatable. 1, 8 and 64 if none.")] = None,
    tokens: Annotated[
        float | None,
        typer.Option(min=1, help="Of the run; the recipe's steps on the most GPUs if none, else 304.4e9."),
    ] = None,
    rows: Annotated[
        int | None, typer.Option(min=1, help="Rows of the vocabulary; the recipe's if it is there, else 168,000.")
    ] = None,
    document: Annotated[float, typer.Option(min=1, help="Mean tokens of a document.")] = 455.0,
    checkpointing: Annotated[
        bool | None, typer.Option(help="Compute activations again; as the recipe says if neither.")
    ] = None,
    mfu: Annotated[
        float | None, typer.Option(min=1e-4, max=1, help="Share of the peak; measured ones if none.")
    ] = None,
    peak_tflops: Annotated[float, typer.Option(min=1e-3, help="Of one GPU, in bf16 products of matrices.")] = 753.0,
    card_gib: Annotated[float, typer.Option(min=1e-3, help="Memory of one GPU, in GiB.")] = 80.0,
    gpu_hour: Annotated[float, typer.Option(min=0, help="Dollars for a GPU for an hour.")] = 2.5,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A page: .html, or .md for Markdown.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable results.")] = False,
) -> None:
    """Say what training takes: memory of a GPU by FSDP degree, days and cost, from rates measured on one card."""
    from biomatrix.training import load_recipe
    from biomatrix.training.planning import TrainingSetting, modes, planned

    settings = None if recipe is None else load_recipe(recipe)
    counts = sorted(set(gpus or GPUS))
    setting = TrainingSetting(
        tokens or _tokens(settings, counts[-1]),
        document=document,
        checkpointed=bool(checkpointing),
        peak_tflops=peak_tflops,
        card_gib=card_gib,
        gpu_hour=gpu_hour,
    )
    if settings is not None:
        batches, again = settings.batches, settings.run.gradient_checkpointing
        checked = again if checkpointing is None else checkpointing
        setting = replace(
            setting,
            batch_tokens=batches.tokens,
            accumulate=batches.accumulate,
            checkpointed=checked,
            loss_chunk=settings.run.loss_rows,
        )
    ways = modes(setting)
    if mfu is not None:
        ways = {name: replace(way, mfu=mfu) for name, way in ways.items()}
    shapes = _shapes(settings, size or [], rows)
    runs = [
        (way, planned(name, shape, count, chosen))
        for name, shape in shapes.items()
        for count in counts
        for way, chosen in ways.items()
    ]
    _tell(setting, runs, output, as_json)


def _tell(setting: TrainingSetting, runs: Sequence[tuple[str, PlannedRun]], output: Path | None, as_json: bool) -> None:
    sections = list(_sections(setting, runs))
    lead = _lead(setting, runs)
    if output is not None:
        write_page(output, "Plan a training run", lead, sections)
    if as_json:
        told = [{"way": way, **asdict(run), "parameters": run.shape.parameters} for way, run in runs]
        typer.echo(json.dumps({"setting": asdict(setting), "runs": told}, indent=2))
        return
    typer.echo(str(output) if output is not None else lead)
    for heading, sentence, rows in sections if output is None else ():
        typer.echo("\n".join(["", heading, *([sentence] if sentence else []), *text_table(rows)]))


def _tokens(recipe: Recipe | None, gpus: int) -> float:
    if recipe is None or recipe.run.max_steps is None:
        return PUBLISHED_TOKENS
    return float(recipe.run.max_steps * recipe.batches.tokens * recipe.batches.accumulate * gpus)


def _shapes(recipe: Recipe | None, sizes: Sequence[str], rows: int | None) -> dict[str, DecoderShape]:
    """Return the shapes asked for by name: sizes, else the recipe's model, else the two published ones."""
    from biomatrix.training.planning import SIZES, DecoderShape

    for name in sizes:
        if name not in SIZES:
            raise ConfigurationError(f"no size {name!r}; {choices(name, list(SIZES))}")
    if recipe is not None and not sizes:
        model = recipe.model
        held = rows or _vocabulary_rows(recipe) or PUBLISHED_ROWS
        if model.checkpoint is None:
            shape = DecoderShape(
                held, model.hidden_size, model.num_layers, model.intermediate_size, model.num_heads,
                model.num_kv_heads, model.head_dim,
            )  # fmt: skip
            return {"the recipe's": shape}
        return _checkpoint_shape(model.checkpoint, held)
    return {name: replace(SIZES[name], rows=rows or PUBLISHED_ROWS) for name in sizes or ("1.7B", "4B")}


def _checkpoint_shape(checkpoint: str, rows: int) -> dict[str, DecoderShape]:
    """Return the shape of a model folder, by what its configuration says, or of a hub id, by the size it names."""
    from biomatrix.entities.files.paths import is_folder
    from biomatrix.training.model_config import read_model_config
    from biomatrix.training.planning import SIZES, DecoderShape

    if is_folder(Path(checkpoint)):
        return {Path(checkpoint).name: replace(DecoderShape.of(read_model_config(Path(checkpoint))), rows=rows)}
    parts = re.split(r"[-_/]", checkpoint.lower())
    for name, shape in SIZES.items():
        if name.lower() in parts:
            return {name: replace(shape, rows=rows)}
    raise ConfigurationError(
        f"model.checkpoint {checkpoint!r} names no size of Qwen3; give --size, one of {', '.join(SIZES)}"
    )


def _vocabulary_rows(recipe: Recipe) -> int | None:
    """Return the rows of the embedding for the recipe's vocabulary; None where it is not built yet."""
    from biomatrix.entities.files.paths import is_folder
    from biomatrix.vocabulary import Vocabulary

    if not is_folder(recipe.model.vocabulary):
        return None
    multiple = recipe.model.row_multiple
    return -(-len(Vocabulary.from_pretrained(recipe.model.vocabulary)) // multiple) * multiple


def _lead(setting: TrainingSetting, runs: Sequence[tuple[str, PlannedRun]]) -> str:
    fitting = [(way, run) for way, run in runs if run.fits]
    text = f"{short_count(setting.tokens)} tokens on GPUs of {setting.card_gib:g} GiB"
    if not fitting:
        return f"{text}: nothing fits; try more GPUs, --checkpointing or fewer tokens a forward pass."
    way, best = min(fitting, key=lambda one: one[1].days)
    told = f"{best.size} takes {short_time(best.days)} on {best.gpus} GPU{'s' * (best.gpus > 1)} ({way})"
    return f"{text}: at the fastest, {told}, about ${best.dollars:,.0f}."


def _sections(setting: TrainingSetting, runs: Sequence[tuple[str, PlannedRun]]) -> Iterator[Section]:
    from biomatrix.training.planning import GIB, assumptions, memory_of, modes

    ways = modes(setting)
    heads = ("size", "parameters", "GPUs", "way", "GiB a GPU", "fits", "tokens/s", "time", "dollars")
    yield (
        "Time and cost",
        "",
        [
            heads,
            *(
                (
                    run.size,
                    short_count(run.shape.parameters),
                    run.gpus,
                    way,
                    f"{run.memory.peak / GIB:,.1f}",
                    "yes" if run.fits else "no",
                    short_count(run.tokens_per_second),
                    short_time(run.days),
                    f"{run.dollars:,.0f}",
                )
                for way, run in runs
            ),
        ],
    )
    heads = ("size", "FSDP degree", "way", "states", "working copies", "activations", "loss", "peak", "checkpointed")
    parts = [
        (
            run.size,
            run.gpus,
            way,
            *(f"{value / GIB:,.1f}" for value in asdict(run.memory).values()),
            f"{memory_of(run.shape, run.gpus, replace(ways[way], checkpointed=True)).peak / GIB:,.1f}",
        )
        for way, run in runs
    ]
    sentence = "GiB of one GPU; checkpointed is the peak where activations are computed again in the backward pass."
    yield "Memory", sentence, [heads, *parts]
    yield "What is assumed", "", [("assumption",), *((text,) for text in assumptions(setting))]
