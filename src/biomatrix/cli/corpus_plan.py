"""``biomatrix corpus plan``: what a mixture takes in cores, GPUs, days, storage and money."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from biomatrix.cli.console import Quiet, refusals_in_json, shown_log
from biomatrix.cli.corpus_stats import Section, write_page
from biomatrix.cli.plain_tables import short_bytes, short_count, text_table

if TYPE_CHECKING:
    from biomatrix.corpus.planning.scaling import Plan
    from biomatrix.vocabulary.vocabulary import Vocabulary


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command(epilog="Example: biomatrix corpus plan recipes/biomatrix_corpus.toml --nodes 8 --gpus 8 -o plan.md")(
        plan
    )


@refusals_in_json
def plan(
    recipe: Annotated[Path, typer.Argument(help="A TOML recipe; its mixture says how many tokens each source gives.")],
    data: Annotated[Path | None, typer.Option(help="A data folder to measure on, rather than shipped samples.")] = None,
    vocabulary: Annotated[Path | None, typer.Option(help="Count tokens in this vocabulary; nano's if none.")] = None,
    measure: Annotated[int, typer.Option(min=1, help="The most records of each source that are measured.")] = 300,
    nodes: Annotated[int, typer.Option(min=1, help="Machines.")] = 1,
    cores: Annotated[int, typer.Option(min=1, help="Cores of each.")] = 64,
    gpus: Annotated[int, typer.Option(min=0, help="GPUs of each, for structure tokenizers.")] = 0,
    gpu_speedup: Annotated[float, typer.Option(min=1, help="Cores that a GPU replaces there: assumed.")] = 50.0,
    core_hour: Annotated[float, typer.Option(min=0, help="Dollars for a core for an hour.")] = 0.05,
    gpu_hour: Annotated[float, typer.Option(min=0, help="Dollars for a GPU for an hour.")] = 2.5,
    terabyte_month: Annotated[float, typer.Option(min=0, help="Dollars for a terabyte for a month.")] = 20.0,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A page: .html, or .md for Markdown.")] = None,
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable results.")] = False,
) -> None:
    """Measure the steps of a build here, a few hundred records of each source, and scale them to the whole mixture."""
    from biomatrix.corpus.planning.plan import plan_of
    from biomatrix.corpus.planning.scaling import Machines
    from biomatrix.corpus.recipe import CorpusRecipe

    machines = Machines(nodes, cores, gpus, gpu_speedup, core_hour, gpu_hour, terabyte_month)
    with shown_log(quiet):
        found = plan_of(CorpusRecipe.from_file(recipe), _vocabulary(vocabulary), machines, data, measure)
    sections = list(_sections(found))
    lead = _lead(found)
    if output is not None:
        write_page(output, "Plan a corpus", lead, sections)
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
        return
    typer.echo(str(output) if output is not None else lead)
    for heading, sentence, rows in sections if output is None else ():
        typer.echo("\n".join(["", heading, *([sentence] if sentence else []), *text_table(rows)]))


def _vocabulary(folder: Path | None) -> Vocabulary:
    from biomatrix import load
    from biomatrix.corpus.saved_vocabulary import SavedVocabulary

    return load("nano").vocabulary if folder is None else SavedVocabulary.at(folder).open()


def _lead(found: Plan) -> str:
    totals, machines = found.totals, found.machines
    gpus = f" and {machines.gpus} GPUs" if machines.gpus else ""
    crew = "1 machine" if machines.nodes == 1 else f"{machines.nodes} machines"
    return (
        f"{short_count(totals['tokens'])} tokens from {short_count(totals['records'])} records: "
        f"{_duration(totals['days'])} on {crew} of {machines.cores} cores{gpus}, "
        f"{short_bytes(totals['bytes'])} on disk, about ${_amount(totals['dollars'])}."
    )


def _duration(days: float) -> str:
    """Return a time in the unit that suits it."""
    for unit, length in (("days", 1.0), ("hours", 1 / 24), ("minutes", 1 / 1440)):
        if days >= length:
            return f"{days / length:,.1f} {unit}"
    return "less than a minute"


def _amount(number: float) -> str:
    """Return a number without decimals, or with two figures where it is small."""
    if 0 < number < 0.01:
        return "<0.01"
    return f"{number:,.0f}" if number >= 10 or not number else f"{number:.2g}"


def _sections(found: Plan) -> Iterator[Section]:
    heads = ("source", "records", "tokens", "core hours", "records/s", "tokens/s", "kept", "shards", "rates from")
    rows = [
        (
            one.source,
            short_count(one.records),
            short_count(one.tokens),
            _amount(sum(one.hours.values())),
            f"{one.records / (sum(one.hours.values()) * 3600):,.0f}",
            f"{one.tokens / (sum(one.hours.values()) * 3600):,.0f}",
            short_bytes(one.kept),
            short_bytes(one.shards),
            one.basis,
        )
        for one in found.lines
    ]
    yield "By source", "Rates are those of one core, all steps together.", [heads, *rows]
    steps = [
        (step, _amount(hours), "GPU" if step in found.on_gpu and found.machines.gpus else "core")
        for step, hours in found.step_hours.items()
    ]
    yield "By step", "Hours of one core of this machine.", [("step", "core hours", "done on"), *steps]
    totals = found.totals
    yield (
        "In all",
        "",
        [
            ("what", "amount"),
            ("core hours", _amount(totals["core_hours"])),
            ("GPU hours", _amount(totals["gpu_hours"])),
            ("time", _duration(totals["days"])),
            ("on disk", short_bytes(totals["bytes"])),
            ("dollars", _amount(totals["dollars"])),
        ],
    )
    yield "What is assumed", "", [("assumption",), *((text,) for text in _assumptions(found))]


def _assumptions(found: Plan) -> Iterator[str]:
    machines = found.machines
    yield "Rates are those of one core of this machine, loaded and warm, from as many records as the table says."
    yield "Records of samples are few, and not those of the whole; --data measures on real files."
    yield "Records are read once where their number is stated or counted; else as many as give the tokens."
    yield "Sources of one row of the token table share its tokens equally."
    yield "A source without data or a sample takes the rates of one of its category, as the table says."
    yield f"A core works {machines.efficiency:.0%} of its time; cores do not slow one another down."
    yield f"A GPU replaces {machines.gpu_speedup:g} cores in structure tokenizers: assumed, not measured."
    hourly = f"A core costs ${machines.core_hour:g} an hour, a GPU ${machines.gpu_hour:g}"
    yield f"{hourly}, a TB ${machines.terabyte_month:g} a month."
    yield "Downloads, source files on disk and training are not counted."
