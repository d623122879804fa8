"""Designed transcripts as files: FASTA, GenBank, a table of their numbers, and one page to keep."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from biomatrix.entities.files.folders import files_written_aside
from biomatrix.entities.nucleic.design.drawing import draw_structure
from biomatrix.entities.nucleic.design.mrna import MrnaDesigns
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.files.brackets import brackets_of
from biomatrix.entities.nucleic.objectives.catalogue import OBJECTIVES
from biomatrix.entities.records import write_entities

FILES: Final = ("designs.fasta", "designs.gb", "designs.tsv", "designs.html")
_STYLE: Final = (
    "body{font-family:sans-serif;max-width:70em;margin:2em auto}table{border-collapse:collapse}"
    "td,th{border:1px solid #ccc;padding:.2em .6em;text-align:right}code{overflow-wrap:anywhere}"
    ".leader,.trailer{color:#777}.stop{font-weight:bold}svg{max-width:100%;height:auto}"
)


def write_designs(designs: MrnaDesigns, folder: str | Path, count: int | None = None) -> tuple[Path, ...]:
    """Write the designs of a front, the first ``count`` of them where given, and return the files' names.

    Raises
    ------
    ConfigurationError
        The folder cannot be written.
    """
    number = len(designs.front) if count is None else min(count, len(designs.front))
    entities = [designs.entity(index) for index in range(number)]
    with files_written_aside(folder, FILES) as aside:
        if entities:
            write_entities(entities, aside / FILES[0])
            write_entities(entities, aside / FILES[1])
        (aside / FILES[2]).write_text("".join(_table(designs, number)), encoding="utf-8")
        (aside / FILES[3]).write_text(page(designs, entities), encoding="utf-8")
    return tuple(Path(folder) / name for name in FILES if entities or name not in FILES[:2])


def _table(designs: MrnaDesigns, number: int) -> Iterator[str]:
    names = list(designs.front[0].values) if designs.front else []
    yield "\t".join(("design", *names, "sequence")) + "\n"
    for index in range(number):
        candidate = designs.front[index]
        numbers = (f"{candidate.values[name]:.6g}" for name in names)
        yield "\t".join((f"design_{index + 1}", *numbers, candidate.item)) + "\n"


def page(designs: MrnaDesigns, entities: list[NucleicAcid]) -> str:
    """Return one HTML page with the objectives, the checks, the letters and, where they were folded, the drawings."""
    order, result = designs.order, designs.result
    names = list(designs.front[0].values) if designs.front else []
    heads = "".join(f'<th title="{html.escape(_explained(name))}">{html.escape(name)}</th>' for name in names)
    rows = "".join(
        f'<tr><td><a href="#{entity.name}">{entity.name}</a></td>'
        + "".join(f"<td>{designs.front[index].values[name]:.3g}</td>" for name in names)
        + "</tr>"
        for index, entity in enumerate(entities)
    )
    sought = ", ".join(f"{name} ({better})" for name, better in designs.sought.items())
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Designed transcripts</title>'
        f"<style>{_STYLE}</style><h1>Designed transcripts</h1>"
        f"<p>For <code>{html.escape(order.protein)}</code> in {html.escape(order.host)}: {designs.total:,} sequences "
        f"fit; {len(result.seen):,} were measured, {len(result.refused):,} refused for a motif, and no other "
        f"of them beats the {len(designs.front):,} of the front by all of {html.escape(sought)}. "
        "Everything is computed from sequence; nothing is measured in a cell.</p>"
        f"<table><tr><th>design</th>{heads}</tr>{rows}</table><dl>"
        + "".join(f"<dt><b>{name}</b></dt><dd>{html.escape(_explained(name))}</dd>" for name in names)
        + "</dl>"
        + "".join(_section(designs, index, entity) for index, entity in enumerate(entities))
        + "</html>\n"
    )


def _explained(name: str) -> str:
    objective = OBJECTIVES[name]
    return f"{objective.meaning} [{objective.unit}]; {objective.trap}"


def _section(designs: MrnaDesigns, index: int, entity: NucleicAcid) -> str:
    start, stop = designs.order.coding
    letters = entity.sequence
    checks = "".join(
        f"<li>{'yes' if holds else '<b>no</b>'}: {html.escape(what)}</li>"
        for what, holds in designs.checks(index).items()
    )
    drawing = ""
    if entity.pairs is not None:
        drawing = draw_structure(letters, brackets_of(entity.pairs, len(entity)), entity.name)
    return (
        f'<h2 id="{entity.name}">{entity.name}</h2><ul>{checks}</ul><p><code>'
        f'<span class="leader">{letters[:start]}</span>{letters[start : stop - 3]}'
        f'<span class="stop">{letters[stop - 3 : stop]}</span><span class="trailer">{letters[stop:]}</span>'
        f"</code></p>{drawing}"
    )
