"""``biomatrix corpus plan``: what a mixture takes in cores, GPUs, days, storage and money."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from biomatrix.cli.console import Quiet, refusals_in_json, shown_log
from biomatrix.cli.corpus_stats import Section, write_page
from biomatrix.cli.plain_tables import short_bytes, short_count, short_time, text_table
from biomatrix.cli.vocabulary_option import vocabulary_folder

if TYPE_CHECKING:
    from biomatrix.corpus.planning.scaling import Line, Plan
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
    vocabulary: Annotated[
        Path, typer.Option(help="Count tokens in this saved vocabulary, or that of a model that ships.")
    ] = Path("nano"),
    measure: Annotated[int, typer.Option(min=1, help="The most records of each source that are measured.")] = 300,
    repeats: Annotated[int, typer.Option(min=1, help="How often all is measured; the plan gives the range.")] = 2,
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
        found = plan_of(CorpusRecipe.from_file(recipe), _vocabulary(vocabulary), machines, data, measure, repeats)
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


def _vocabulary(folder: Path) -> Vocabulary:
    from biomatrix.corpus.saved_vocabulary import SavedVocabulary

    return SavedVocabulary.at(vocabulary_folder(folder)).open()


def _lead(found: Plan) -> str:
    totals, machines = found.totals, found.machines
    gpus = f" and {machines.gpus} GPUs" if machines.gpus else ""
    crew = "1 machine" if machines.nodes == 1 else f"{machines.nodes} machines"
    alone = f" ({short_time(found.without_gpus.totals['days'])} without GPUs)" if machines.gpus else ""
    return (
        f"{short_count(totals['tokens'])} tokens from {short_count(totals['records'])} records: "
        f"{short_time(totals['days'])} on {crew} of {machines.cores} cores{gpus}{alone}, "
        f"{short_bytes(totals['bytes'])} on disk, about ${_amount(totals['dollars'])}."
    )


def _amount(number: float) -> str:
    """Return a number without decimals, or with two figures where it is small."""
    if 0 < number < 0.01:
        return "<0.01"
    return f"{number:,.0f}" if number >= 10 or not number else f"{number:.2g}"


def _sections(found: Plan) -> Iterator[Section]:
    heads = (
        "source", "records", "tokens", "draws", "tokens a record", "records/s", "tokens/s", "spread", "core hours",
        "kept", "shards", "rates from",
    )  # fmt: skip
    sentence = (
        "Rates are those of one core, all steps together, documents drawn once; draws says how often they are drawn, "
        "and spread is half the range of repeated measurements."
    )
    yield "By source", sentence, [heads, *map(_row, found.lines)]
    steps = [
        (step, _amount(hours), "GPU" if step in found.on_gpu and found.machines.gpus else "core")
        for step, hours in found.step_hours.items()
    ]
    yield "By step", "Hours of one core of this machine.", [("step", "core hours", "done on"), *steps]
    yield "In all", "In brackets the range of repeated measurements.", _totals(found)
    yield "What is assumed", "", [("assumption",), *((text,) for text in _assumptions(found))]


def _row(one: Line) -> tuple[str, ...]:
    return (
        one.source,
        short_count(one.records),
        short_count(one.tokens),
        f"{one.draws:.2g}",
        f"{one.rates.tokens:,.0f}",
        f"{1 / one.rates.seconds:,.0f}",
        f"{one.rates.tokens / one.rates.seconds:,.0f}",
        f"{one.spread:.0%}",
        _amount(sum(one.hours.values())),
        short_bytes(one.kept),
        short_bytes(one.shards),
        one.basis,
    )


def _totals(found: Plan) -> list[tuple[str, ...]]:
    """Return what it takes with cores alone and, where there are GPUs, with them."""
    plans = [("cores alone", found.without_gpus), *([("with GPUs", found)] if found.machines.gpus else [])]
    rows: list[tuple[str, ...]] = [("what", *(name for name, _ in plans))]
    told = (("core hours", "core_hours", _amount), ("GPU hours", "gpu_hours", _amount), ("time", "days", short_time))
    rows.extend((name, *(_spanned(plan, key, write) for _, plan in plans)) for name, key, write in told)
    rows.append(("on disk", *(short_bytes(plan.totals["bytes"]) for _, plan in plans)))
    return [*rows, ("dollars", *(_spanned(plan, "dollars", _amount) for _, plan in plans))]


def _spanned(plan: Plan, total: str, write: Callable[[float], str]) -> str:
    value, (least, most) = plan.totals[total], plan.span(total)
    return write(value) + (f" ({write(least)} to {write(most)})" if most else "")


def _assumptions(found: Plan) -> Iterator[str]:
    machines = found.machines
    yield "Rates are those of one core of this machine, loaded and warm, in processor time."
    yield "Records of samples are few, and not those of the whole; --data measures on real files."
    yield "Where the number of a source's records is known, all are read once, less the share of rows refused here."
    yield "Where it is not, as many are read as fill the row of the token table: the source is taken to hold so many."
    yield "A source without data or a sample takes the rates of one of its category, as the table says."
    yield f"Records are compared with {found.test_sets} test sets, those of benchmarks whose data are at hand."
    yield "Linking mentions in texts, joining duplicates, building a vocabulary and hashing files are not counted."
    yield f"A core works {machines.efficiency:.0%} of its time; cores do not slow one another down."
    yield f"A GPU replaces {machines.gpu_speedup:g} cores in structure tokenizers: assumed, not measured."
    hourly = f"A core costs ${machines.core_hour:g} an hour, a GPU ${machines.gpu_hour:g}"
    yield f"{hourly}, a TB ${machines.terabyte_month:g} a month."
    yield "Downloads, source files on disk and training are not counted."
