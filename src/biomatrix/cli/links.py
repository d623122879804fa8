"""``biomatrix links``: which open regions may regulate which genes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from biomatrix.cli.console import CountsAsJson, Quiet, RejectsFile, report_counts, shown_log
from biomatrix.errors import ConfigurationError


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        epilog="Example: biomatrix links multiome.h5ad --assembly hg38 --genes MYC -o links.tsv --bedpe arcs.bedpe; "
        "biomatrix links peaks.narrowPeak --assembly hg38 --genes all --top 5 -o links.tsv; "
        "biomatrix links peaks.bed --fragments fragments.tsv.gz --expression rna.h5ad --assembly hg38 --genes expressed"
    )(links)


def links(
    file: Annotated[
        Path,
        typer.Argument(
            help="Cells with open regions, with or without expression (.h5ad, .zarr, .h5 or folder of Cell Ranger, "
            ".loom), or regions: .bed, .narrowPeak, or a table with chrom, start, end and a signal (.tsv, .csv, "
            ".parquet)."
        ),
    ],
    genes: Annotated[
        list[str],
        typer.Option(
            metavar="NAME,...|@FILE|all|expressed",
            help="Symbols or Ensembl ids, parted by commas or one per line of a file; all protein-coding genes; or "
            "those that the cells express. Repeatable.",
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File for the table; standard output by default, or '-'.")
    ] = None,
    bedpe: Annotated[
        Path | None, typer.Option(help="File for the same links as BEDPE, which IGV draws as arcs.")
    ] = None,
    assembly: Annotated[
        str | None, typer.Option(help="The genome that the regions lie on, where the file does not say it: hg38.")
    ] = None,
    expression: Annotated[
        Path | None, typer.Option(help="Expression of the same cells, where FILE holds regions alone.")
    ] = None,
    fragments: Annotated[
        Path | None,
        typer.Option(
            help="Fragments (.tsv.gz of 10x, .parquet) to count over the regions of FILE, cells as in --expression."
        ),
    ] = None,
    totals: Annotated[
        str | None,
        typer.Option(help="The column of obs with each cell's counts over all genes; else the sum over the file's."),
    ] = None,
    scorer: Annotated[
        str,
        typer.Option(
            help="accessibility, marks (needs columns of histone marks and CTCF, and --ubiquitous), "
            "distance_accessibility, distance, a JSON file; or graph_accessibility, graph_marks, which read all "
            "candidates at once."
        ),
    ] = "accessibility",
    signal: Annotated[
        str,
        typer.Option(
            help="How open a region is: its percentile among those of the file, or rpm where the file holds DNase "
            "reads per million."
        ),
    ] = "percentile",
    reach: Annotated[int, typer.Option(help="Bases from a gene's start within which its candidates lie.")] = 1_000_000,
    top: Annotated[int | None, typer.Option(help="The most links per gene; all by default.")] = None,
    least: Annotated[
        float, typer.Option("--min-score", help="The lowest score, from 0 to 1, of a link that is written.")
    ] = 0.0,
    ubiquitous: Annotated[
        Path | None,
        typer.Option(help="Genes that nearly every cell type expresses, one per line, for the scorer marks."),
    ] = None,
    gene_table: Annotated[
        Path | None,
        typer.Option(
            help="Genes in place of the package's own (hg38): a table with ensembl_id, symbol, biotype, chrom, start "
            "(0-based), end, strand."
        ),
    ] = None,
    rejects: RejectsFile = None,
    as_json: CountsAsJson = False,
    quiet: Quiet = False,
) -> None:
    """Score every open region within reach of a gene as its enhancer, with the evidence beside the score.

    One line per pair: region, gene, distance, score, rank within the gene, then evidence: accessibility, protein-coding
    genes between, whether the gene is the nearest, whose promoter the region is, Kendall's tau-b with the gene's
    expression and co-accessibility with its promoter, where cells tell them. The score is fitted on pairs that CRISPR
    interference tested in K562; read it as a ranking.

    A name that is no gene, and a row that is no region, is counted and listed with its reason; the others are linked
    all the same.
    """
    from biomatrix.entities.cell.assemblies import assembly_named
    from biomatrix.links.gene_places import read_gene_places
    from biomatrix.links.settings import Settings
    from biomatrix.links.writing import named_genes, write_links

    if top is not None and top < 1:
        raise ConfigurationError(f"--top is at least 1, not {top}")
    if not 0.0 <= least <= 1.0:
        raise ConfigurationError(f"--min-score is from 0 to 1, not {least}")
    names = None if ubiquitous is None else frozenset(named_genes([f"@{ubiquitous}"]))
    settings = Settings(assembly, expression, fragments, totals, scorer, signal, reach, names)
    with shown_log(quiet):
        of_assembly = "hg38" if assembly is None else assembly_named(assembly, human=False)
        table = None if gene_table is None else read_gene_places(gene_table, of_assembly)
        counts = write_links(
            file,
            named_genes(genes),
            output,
            settings,
            table,
            bedpe=bedpe,
            rejects=rejects,
            top=top,
            least=least,
        )
    report_counts(counts, as_json, output)
