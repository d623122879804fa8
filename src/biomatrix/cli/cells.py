"""``biomatrix cells``: what a file of cells holds, and what its cells are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from biomatrix.cli.console import Quiet, progress_line, refusals_in_json
from biomatrix.cli.plain_tables import text_table
from biomatrix.errors import ConfigurationError, UnsupportedError

if TYPE_CHECKING:
    from biomatrix.entities.cell.values import Asked
    from biomatrix.evaluation.cells.annotated import AnnotatedCells


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        epilog="Example: biomatrix cells pbmc.h5ad -o report.html --h5ad annotated.h5ad; "
        "biomatrix cells islets.h5ad --tissue pancreas --batch-column donor -o report.html; "
        "biomatrix cells new.h5ad --reference known.h5ad --label cell_type -o report.html"
    )(refusals_in_json(cells))


@contextmanager
def _of_file(file: Path) -> Iterator[None]:
    """Name the file in an error about what it holds; settings that do not fit are no fault of it."""
    try:
        yield
    except UnsupportedError as error:
        raise error.at(file=str(file)) from error.__cause__


Cells = Annotated[
    Path, typer.Argument(help="Cells: .h5ad, .zarr (a folder or a zip), .h5 of Cell Ranger, its folder, .loom.")
]
Page = Annotated[Path | None, typer.Option("--output", "-o", help="File for the page, such as report.html.")]
WithTypes = Annotated[
    Path | None, typer.Option(help="File for the cells with their types, .h5ad or .zarr, which scanpy opens.")
]
Tissue = Annotated[
    str,
    typer.Option(help="Whose types are looked for: blood, pancreas, brain; auto takes the likeliest, and says so."),
]
Markers = Annotated[
    Path | None, typer.Option(help="Lists of your own: a table (.tsv, .csv) with the columns type and gene.")
]
Reference = Annotated[
    Path | None, typer.Option(help="Annotated cells to learn types from, in place of markers; needs --label.")
]
Label = Annotated[str, typer.Option(help="The column of types in obs of the reference.")]
Batch = Annotated[
    str, typer.Option("--batch-column", help="The column of batches in obs; one of the usual names by default.")
]
Least = Annotated[float, typer.Option("--min-probability", help="Below it a cell is 'unknown'; from 0 to 1.")]
Umap = Annotated[bool, typer.Option("--umap", help="Draw a UMAP beside the components; needs biomatrix[umap].")]
Values = Annotated[str, typer.Option(help="What the values are: auto finds out and says so; counts, log1p_cp10k.")]
Layer = Annotated[str | None, typer.Option(help="The matrix: X, raw or the name of a layer.")]
Totals = Annotated[str | None, typer.Option(help="The column of obs with each cell's counts over all genes.")]
Assembly = Annotated[
    str | None, typer.Option(help="The genome of peaks beside the genes, where the file does not say: hg38, hg19.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")]


def cells(
    file: Cells,
    output: Page = None,
    h5ad: WithTypes = None,
    tissue: Tissue = "auto",
    markers: Markers = None,
    reference: Reference = None,
    label: Label = "",
    batch: Batch = "",
    least: Least = 0.5,
    umap: Umap = False,
    values: Values = "auto",
    layer: Layer = None,
    totals: Totals = None,
    assembly: Assembly = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Tell what a file of cells holds and what its cells are, as a page and as a file that scanpy opens.

    The page says which matrix was taken and what its values are, which genes matched, quality, types with probabilities
    and the cells that are told none, principal components by type and batch, and the genes that decided. Types come
    from lists of markers, or from annotated cells of your own.
    """
    from biomatrix.entities.cell.cell_set import CellSet
    from biomatrix.evaluation.cells.annotate import annotate

    _check_outputs(file, output, h5ad)
    with progress_line(quiet) as say:
        opened = CellSet.from_file(file, values=cast("Asked", values), layer=layer, totals=totals, assembly=assembly)
        say(f"{len(opened):,} cells, {len(opened.genes_alone().genes):,} genes")
        types: dict[str, Any] = {
            "tissue": tissue,
            "markers": markers,
            "reference": reference,
            "label": label,
            "least": least,
        }
        with _of_file(file):
            found = annotate(opened, batch=batch, umap=umap, **types)
        if h5ad is not None:
            found.to_file(h5ad)
            say(f"wrote {h5ad}")
        if output is not None:
            found.to_page(output, f"Cells of {file.name}")
            say(f"wrote {output}")
    _tell(found, as_json, quiet)


def _check_outputs(file: Path, output: Path | None, h5ad: Path | None) -> None:
    if output is None and h5ad is None:
        raise ConfigurationError("nothing is to be written; name a page (-o report.html), a file (--h5ad), or both")
    if h5ad is not None and file.exists() and h5ad.exists() and h5ad.samefile(file):
        raise ConfigurationError("the file is not written over itself; give --h5ad another name", file=str(h5ad))


def _tell(found: AnnotatedCells, as_json: bool, quiet: bool) -> None:
    """Print the types and how many cells each has, and the notes, or all that was found as JSON."""
    if as_json:
        told = {
            "cells": len(found), "types": found.counts, "settings": dict(found.settings), "notes": list(found.notes),
            "risk": [list(row) for row in found.risk],
        }  # fmt: skip
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    typer.echo("\n".join(text_table([("type", "cells"), *found.counts.items()])))
    for note in found.notes if not quiet else ():
        typer.echo(f"note: {note}", err=True)
