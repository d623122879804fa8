"""The page of one file of cells: what it holds, what its cells are, how sure that is, and what decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.entities.cell.genes.table import gene_table
from biomatrix.metrics.cells.annotation import UNKNOWN
from biomatrix.report import Page
from biomatrix.report.histogram import histogram
from biomatrix.report.scatter import group_colours, scatter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.cell.cell_set import CellSet
    from biomatrix.evaluation.cells.annotated import AnnotatedCells

DECIDING: Final = 10
_MITOCHONDRIAL: Final = ("percent_mito", "pct_counts_mt", "percent.mt", "pct_counts_mito")
"""Names that columns of ``obs`` usually have, where the matrix has no mitochondrial gene."""
_FEWEST: Final = 10
"""Of 13 mitochondrial genes of proteins: with fewer, the matrix is a choice of genes and a column knows better."""


def annotation_page(annotated: AnnotatedCells, title: str = "Cells") -> Page:
    """Return the page, which needs no other file and no network."""
    cells = annotated.cells
    told = len(annotated) - annotated.counts.get(UNKNOWN, 0)
    share = f"{told:,} cells are told a type ({told / len(annotated):.0%})"
    lead = f"{len(annotated):,} cells, {len(annotated.of_genes.genes):,} genes; {share}."
    page = Page(title, lead)
    _file(page, annotated)
    _genes(page, cells)
    _quality(page, annotated.of_genes)
    _open_regions(page, cells)
    _types(page, annotated)
    _pictures(page, annotated)
    _reasons(page, annotated)
    _settings(page, annotated)
    return page


def _file(page: Page, annotated: AnnotatedCells) -> None:
    page.heading("What the file holds")
    for note in annotated.notes:
        # Names such as obs['n_counts'] and layers/counts keep their letters.
        first = note.split(" ", 1)[0].rstrip(",:")
        page.paragraph(f"{note[:1].upper() if first.isalpha() else note[:1]}{note[1:]}.")


def _genes(page: Page, cells: CellSet) -> None:
    matched = cells.matched
    if matched is None:
        return
    page.heading("Genes")
    counted = matched.counts
    page.paragraph(f"{matched.share:.1%} of {len(matched.how):,} names stand for a human gene.")
    page.table(("how", "names"), [(how, f"{count:,}") for how, count in counted.items()])
    if matched.examples:
        page.paragraph(f"Without a gene, the first {len(matched.examples)}: {', '.join(matched.examples)}.", "note")


def _quality(page: Page, cells: CellSet) -> None:
    page.heading("Quality")
    detected = np.diff(cells.matrix.indptr).astype(np.float64)
    drawn = [histogram("genes detected", "genes per cell", detected)]
    share, source = mitochondrial_share(cells)
    if share is None:
        words = f"No mitochondrial share: {source}."
    else:
        drawn.append(histogram("mitochondrial share", "% of counts", 100 * share))
        words = f"Mitochondrial share from {source}."
    if cells.totals is not None:
        drawn.append(histogram("counts", "counts per cell", np.asarray(cells.totals, dtype=np.float64)))
    page.row(drawn)
    empty = int((detected == 0).sum())
    kept = f" {empty:,} cells are empty: kept, and told no type." if empty else ""
    page.paragraph(f"{words}{kept} Genes are counted among those of the matrix that was taken.", "note")


def _open_regions(page: Page, cells: CellSet) -> None:
    if cells.regions is None:
        return
    page.heading("Open chromatin")
    open_ = np.diff(cells.regions.indptr).astype(np.float64)
    page.row([histogram("open regions", "open regions per cell", open_)])
    page.paragraph(
        f"{len(cells.regions.regions):,} regions of {cells.regions.assembly}; types are told by genes alone.", "note"
    )


def mitochondrial_share(cells: CellSet) -> tuple[NDArray[np.float64] | None, str]:
    """Return the mitochondrial share of each cell, from 0 to 1, and from where; None and why where nothing tells it."""
    table = gene_table()
    wanted = set(table.ensembl_id[table.chromosome == "chrM"].tolist())
    columns = np.flatnonzero([gene in wanted for gene in cells.genes.tolist()])
    by_column = _of_column(cells)
    if by_column is not None and len(columns) < _FEWEST:
        return by_column
    if len(columns) and cells.scale in ("counts", "log1p_cp10k"):
        matrix = cells.matrix.astype(np.float64)
        if cells.scale == "log1p_cp10k":
            matrix = matrix.expm1()
        whole = np.asarray(matrix.sum(axis=1)).ravel()
        part = np.asarray(matrix[:, columns].sum(axis=1)).ravel()
        return np.divide(
            part, whole, out=np.zeros(len(whole)), where=whole > 0
        ), f"the {len(columns)} such genes of the matrix"
    return None, "the matrix has no mitochondrial gene, and no column of obs tells it"


def _of_column(cells: CellSet) -> tuple[NDArray[np.float64], str] | None:
    obs: Any = cells.adata.obs
    for name in _MITOCHONDRIAL:
        if name in obs and obs[name].dtype.kind in "fiu" and np.isfinite(obs[name]).all():
            values = np.asarray(obs[name], dtype=np.float64)
            return (values if values.max() <= 1 else values / 100), f"obs[{name!r}]: the matrix lacks such genes"
    return None


def _types(page: Page, annotated: AnnotatedCells) -> None:
    page.heading("Types")
    sure, types = annotated.probability, annotated.types
    rows = []
    for name, count in annotated.counts.items():
        own = sure[types == name]
        low, middle, high = np.quantile(own, (0.1, 0.5, 0.9))
        shown = f"{middle:.2f} ({low:.2f} to {high:.2f})"
        rows.append((name, f"{count:,}", f"{count / len(annotated):.1%}", shown))
    page.table(("type", "cells", "share", "probability: median (10% to 90%)"), rows)
    silent = int(annotated.abstained.sum())
    if silent:
        page.paragraph(
            f"{silent:,} of the cells are {UNKNOWN}: the probability of their best type is below {annotated.least:g}, "
            "or they are empty.",
            "note",
        )
    page.row([histogram("probability of the best type", "probability", sure)])
    if annotated.risk:
        page.subheading("What such answers are worth")
        page.paragraph(f"Measured on {annotated.risk_of}.")
        told = [(f"{least:g}", f"{cover:.1%}", f"{wrong:.1%}") for least, cover, wrong in annotated.risk]
        page.table(("least probability", "cells told", "of these wrong"), told)
    else:
        page.paragraph(
            "How often such answers are wrong is not known for these lists: hold some against cells you know.",
            "warning",
        )


def _pictures(page: Page, annotated: AnnotatedCells) -> None:
    page.heading("Where the cells lie")
    layouts = [("principal components", annotated.components[:, :2], ("PC 1", "PC 2"))]
    if annotated.umap is not None:
        layouts.append(("UMAP", annotated.umap, ("UMAP 1", "UMAP 2")))
    colourings = [("type", annotated.types)]
    if annotated.batch:
        column = annotated.cells.adata.obs[annotated.batch]
        colourings.append((annotated.batch, np.where(column.isna(), "none", column.astype(str)).astype(np.str_)))
    for name, points, axes in layouts:
        if points.shape[1] == 2:
            page.row([
                scatter(f"{name}, by {what}", points, groups, group_colours(groups.tolist(), UNKNOWN), axes)
                for what, groups in colourings
            ])  # fmt: skip
    if not annotated.batch:
        page.paragraph("No column of batches: name one (--batch-column) to see whether cells lie by batch.", "note")


def _reasons(page: Page, annotated: AnnotatedCells) -> None:
    page.heading("What decided")
    page.paragraph(
        "For each type the ten genes that added most to its score, against the mean of the other types, on average "
        "over the cells whose best type it is. Scores are sums of such parts."
    )
    table = gene_table()
    rows = []
    for name in [each for each in annotated.counts if each != UNKNOWN]:
        shown = [
            f"{table.symbol[table.rows[gene]] if gene in table.rows else gene} {value:+.2f}"
            for gene, value in annotated.found.deciding(name, DECIDING)
        ]
        rows.append((name, ", ".join(shown)))
    page.table(("type", "genes, with what they added"), rows)


def _settings(page: Page, annotated: AnnotatedCells) -> None:
    import biomatrix

    page.heading("Settings")
    settings = {"biomatrix": biomatrix.__version__, "least probability": annotated.least, **annotated.settings}
    page.table(("setting", "value"), list(settings.items()))
    page.paragraph("For research; not for diagnosis.", "note")
