"""``biomatrix corpus stats``: what a built corpus holds, beside the published token table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from biomatrix.cli.console import Quiet, refusals_in_json, shown_log
from biomatrix.cli.plain_tables import markdown_table, short_count, text_table

Section = tuple[str, str, Sequence[Sequence[object]]]
"""A heading, a sentence under it, and a table whose first row is the heads."""


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command(epilog="Example: biomatrix corpus stats runs/nano_corpus -o runs/nano_corpus/statistics.html")(stats)


@refusals_in_json
def stats(
    folder: Annotated[Path, typer.Argument(help="The work folder of a build, or its shards.")],
    vocabulary: Annotated[Path | None, typer.Option(help="Its vocabulary, where not in the folder.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A page: .html, or .md for Markdown.", dir_okay=False)
    ] = None,
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable results.")] = False,
) -> None:
    """Print tokens by category beside the published corpus, by source, view and modality, lengths, refusals."""
    from biomatrix.corpus.statistics import corpus_statistics

    with shown_log(quiet):
        found = corpus_statistics(folder, vocabulary)
    sections = list(_sections(found))
    lead = f"{short_count(found['tokens'])} tokens in {found['documents']:,} documents"
    if output is not None:
        write_page(output, f"The corpus {found['name']}", lead, sections)
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    if output is not None:
        typer.echo(str(output))
        return
    typer.echo(f"{found['name']}: {lead}")
    for heading, sentence, rows in sections:
        typer.echo("\n".join(["", heading, *([sentence] if sentence else []), *text_table(rows)]))


def write_page(path: Path, title: str, lead: str, sections: Sequence[Section]) -> None:
    """Write sections as a page of HTML, or in Markdown where the name ends in ``.md``."""
    from biomatrix.entities.files.writing import write_whole
    from biomatrix.report.page import Page

    if path.suffix == ".md":
        blocks = [f"# {title}", lead]
        for heading, sentence, rows in sections:
            blocks += [f"## {heading}", *([sentence] if sentence else []), markdown_table(rows)]
        write_whole(path, ("\n\n".join(blocks) + "\n").encode())
        return
    page = Page(title, lead)
    for heading, sentence, rows in sections:
        page.heading(heading)
        if sentence:
            page.paragraph(sentence)
        page.table([str(cell) for cell in rows[0]], rows[1:], "wide")
    page.write(path)


def _sections(found: dict[str, Any]) -> Iterator[Section]:
    heads = ("category", "part", "tokens", "share", "published", "share there", "sources")
    table = [(*_row(row), ", ".join(row["sources"]) or "-") for row in found["table"]]
    yield "Tokens by category", "Beside the 304.4B tokens of the published corpus.", [heads, *table]
    yield (
        "Sources",
        "",
        [
            ("source", "documents", "tokens", "share", "wanted", "factor", "refused documents", "licence"),
            *[
                (
                    one["name"],
                    f"{one['documents']:,}",
                    short_count(one["tokens"]),
                    _percent(one["share"]),
                    "-" if one["wanted"] is None else _percent(one["wanted"]),
                    "-" if one["factor"] is None else f"{one['factor']:.3g}",
                    f"{one['rejects']:,}",
                    ", ".join(one["licence"]),
                )
                for one in found["sources"]
            ],
        ],
    )
    yield (
        "Views and tasks",
        "",
        [
            ("view", "documents", "tokens", "learned"),
            *[(name, *map(short_count, one.values())) for name, one in found["views"].items()],
        ],
    )
    yield from _details(found)


def _details(found: dict[str, Any]) -> Iterator[Section]:
    modalities = found["modalities"]
    if isinstance(modalities, str):
        yield "Modalities", "", [("not counted",), (modalities,)]
    else:
        total = sum(modalities.values()) or 1
        counts = [(name, short_count(count), _percent(count / total)) for name, count in modalities.items()]
        heads = ("modality", "tokens", "share")
        yield "Modalities", "Control pairs are counted with what they enclose.", [heads, *counts]
    lengths = found["lengths"]
    if lengths:
        names = ("view", *next(iter(lengths.values())))
        quantiles = [(name, *(f"{value:,.0f}" for value in one.values())) for name, one in lengths.items()]
        yield "Lengths of documents", "In tokens: mean and quantiles.", [names, *quantiles]
    yield from _hold_out_and_refusals(found)


def _hold_out_and_refusals(found: dict[str, Any]) -> Iterator[Section]:
    if found["held_out"]:
        sizes = [(name, f"{one['documents']:,}", short_count(one["tokens"])) for name, one in found["held_out"].items()]
        yield "Held out", "", [("view", "documents", "tokens"), *sizes]
    if found["refused"]:
        reasons = [(f"{count:,}", reason) for reason, count in found["refused"].items()]
        whose = "Records, modalities and documents of all builds in the work folder, by reason."
        yield "Refused", whose, [("number", "reason"), *reasons]
    if found["test_sets"]:
        taken = [(source, name, f"{count:,}") for source, name, count in found["test_sets"]]
        yield "In test sets", "Records that were left out of training.", [("source", "test set", "records"), *taken]
    if found["coverage"]:
        yield _coverage(found["coverage"])
    if found["written_whole"]:
        yield _written_whole(found["written_whole"])


def _coverage(found: dict[str, dict[str, Any]]) -> Section:
    """Return how much of the tokens of modalities without a fixed set of them the vocabulary holds."""
    rows = [
        (
            name,
            f"{one['different']:,}",
            f"{one['in_vocabulary']:,}",
            short_count(one["occurrences"]),
            "-" if one["share"] is None else f"{one['share']:.2%}",
        )
        for name, one in found.items()
    ]
    heads = ("modality", "different tokens", "in the vocabulary", "occurrences", "covered")
    return "Coverage of joint tokens", "", [heads, *rows]


def _written_whole(found: dict[str, dict[str, tuple[int, int]]]) -> Section:
    """Return how many records can be written with the tokens that the vocabulary holds."""
    rows = [
        (name, split, f"{records:,}", f"{whole:,}", f"{whole / records:.2%}")
        for name, splits in found.items()
        for split, (records, whole) in splits.items()
        if records
    ]
    sentence = "A record is lost in a modality where one of its tokens is missing; further ways of writing not counted."
    return "Records written whole", sentence, [("modality", "records", "number", "whole", "share"), *rows]


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    published = row["published_tokens"]
    return (
        row["category"],
        row["part"],
        short_count(row["tokens"]),
        _percent(row["share"]),
        short_count(published) if published else "-",
        _percent(row["published_share"]) if published else "-",
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"
