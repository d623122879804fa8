"""From files to scored links: what the command does, as one function."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError
from biomatrix.links.candidates import REACH, Pairs, candidate_pairs
from biomatrix.links.cell_files import Expressed, expression_of_cells, open_cells, regions_of_cells
from biomatrix.links.evidence import coaccessibility, rna_correlation
from biomatrix.links.features import UBIQUITOUS, Columns, position_features, promoter_of, signal_features
from biomatrix.links.fragments import fragments_over_regions
from biomatrix.links.gene_places import CODING, GenePlaces, gene_places
from biomatrix.links.linear_scorer import LinearScorer
from biomatrix.links.region_files import assembly_named, is_region_file, read_region_file, without_signal_notes
from biomatrix.links.region_set import RegionSet

log = logging.getLogger(__name__)
PERCENTILE: Final = "percentile"
READS: Final = "rpm"
SIGNALS: Final = (PERCENTILE, READS)
FEW: Final = 1_000
"""Fewer regions than this are no sample of a genome: their percentiles are told to be rough."""
EXPRESSED: Final = "expressed"
EVERY: Final = "all"


@dataclass(frozen=True, eq=False)
class Settings:
    """How links are found.

    Parameters
    ----------
    assembly : str, optional
        Of the regions; None where their file says it.
    rna : Path, optional
        Cells with expression, where the file of regions has none.
    fragments : Path, optional
        Fragments that are counted over the regions of a table.
    totals : str, optional
        The column of ``obs`` with the counts of each cell over all genes.
    scorer : str
        The name of one that ships, or a JSON file.
    signal : {"percentile", "rpm"}
        Whether the accessibility of a region is told by its place among those of the file, or is DNase reads per
        million as it stands.
    reach : int
        Bases from a gene's start within which its candidates lie.
    ubiquitous : frozenset of str, optional
        Symbols or ids of genes that nearly every cell type expresses; None where they are not known.
    """

    assembly: str | None = None
    rna: Path | None = None
    fragments: Path | None = None
    totals: str | None = None
    scorer: str = "accessibility"
    signal: str = PERCENTILE
    reach: int = REACH
    ubiquitous: frozenset[str] | None = None


@dataclass(frozen=True, eq=False)
class Links:
    """Scored candidate links with their evidence.

    Legend: P pairs, R regions.

    Parameters
    ----------
    regions : RegionSet
    genes : GenePlaces
    pairs : Pairs
    log_odds : ndarray, shape=(P,), dtype=float64
        At the share of links among the pairs that the scorer was fitted on.
    rank : ndarray, shape=(P,), dtype=int64
        Within the gene, from 1.
    accessibility : ndarray, shape=(R,), dtype=float64
        Reads per million as the scorer takes them.
    evidence : mapping of str to ndarray, shape=(P,)
        NaN where it is not known.
    promoter_of : list of str, length R
        The genes whose promoter a region is.
    rejects : list of Reject
        Rows and names that were left out.
    notes : tuple of str
    """

    regions: RegionSet
    genes: GenePlaces
    pairs: Pairs
    log_odds: NDArray[np.float64]
    rank: NDArray[np.int64]
    accessibility: NDArray[np.float64]
    evidence: Columns
    promoter_of: list[str]
    rejects: list[Reject]
    notes: tuple[str, ...]

    @property
    def score(self) -> NDArray[np.float64]:
        """The probability of each link among pairs like those that the scorer was fitted on, ``float64 [P]``."""
        return 0.5 * (1.0 + np.tanh(0.5 * self.log_odds))


@dataclass(frozen=True, eq=False)
class _Opened:
    """What the files hold: regions, the barcodes of their cells, expression, and what was left out."""

    regions: RegionSet
    cells: NDArray[np.object_] | None
    expressed: Expressed | None
    rejects: list[Reject]


def find_links(
    file: Path, wanted: Sequence[str], settings: Settings | None = None, genes: GenePlaces | None = None
) -> Links:
    """Return every region within reach of the wanted genes, scored and ranked.

    Parameters
    ----------
    file : Path
        Cells with open regions (``.h5ad``), or a table of regions.
    wanted : sequence of str
        Symbols and Ensembl ids; ``all`` for every protein-coding gene, ``expressed`` for those that the cells express.
    settings : Settings, optional
    genes : GenePlaces, optional
        The package's own table by default.

    Raises
    ------
    BioMatrixError
        A file is wrong, the assemblies differ, or no gene has a candidate.
    """
    settings, table = settings or Settings(), genes or gene_places()
    if settings.signal not in SIGNALS:
        raise ConfigurationError(f"signal is one of {', '.join(SIGNALS)}, not {settings.signal!r}")
    scorer = LinearScorer.from_pretrained(settings.scorer)
    opened = _opened(file, settings, table)
    chosen, rejects = _chosen(wanted, opened.expressed, table)
    pairs = candidate_pairs(opened.regions, table, chosen, reach=settings.reach)
    rejects = [*opened.rejects, *rejects, *_without_candidates(chosen, pairs, table, settings.reach)]
    if not len(pairs):
        why = f"; the first reason: {rejects[0]}" if rejects else ""
        raise ConfigurationError(
            f"no region within {settings.reach:,} bases of any of these genes{why}", file=str(file)
        )
    log.info("%s candidate pairs of %s genes", f"{len(pairs):,}", f"{len(set(pairs.gene.tolist())):,}")
    accessibility, note = _accessibility(opened.regions, scorer, settings)
    columns = _features(opened.regions, table, pairs, accessibility, settings)
    log_odds = scorer.score(columns)
    notes = (*opened.regions.notes, *(opened.expressed.notes if opened.expressed else ()), *note)
    evidence = _evidence(opened, table, pairs) | {
        "genes_between": np.expm1(columns["genes_between"]).round(),
        "nearest_gene": columns["nearest_gene"],
    }
    near = promoter_of(opened.regions.chromosome, opened.regions.start, opened.regions.end, table)
    return Links(
        opened.regions,
        table,
        pairs,
        log_odds,
        ranked(pairs.gene, log_odds),
        accessibility,
        evidence,
        near,
        rejects,
        notes,
    )


def ranked(gene: NDArray[np.int64], scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the rank of each pair among those of its gene, from 1 for the highest; equal ones by their order.

    Examples
    --------
    >>> ranked(np.array([5, 5, 2]), np.array([0.1, 0.9, 0.3]))
    array([2, 1, 1])
    """
    order = np.lexsort((-scores, gene))
    firsts = np.flatnonzero(np.diff(gene[order], prepend=-1))
    sizes = np.diff(np.append(firsts, len(order)))
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order)) - np.repeat(firsts, sizes) + 1
    return places


def _opened(file: Path, settings: Settings, genes: GenePlaces) -> _Opened:
    for path in (file, settings.rna, settings.fragments):
        if path is not None and not path.exists():
            raise ConfigurationError("no such file", file=str(path))
    assembly = None if settings.assembly is None else assembly_named(settings.assembly)
    expressed = None
    if settings.rna is not None:
        expressed = expression_of_cells(open_cells(settings.rna), genes, settings.totals, str(settings.rna))
        if expressed is None:
            raise ConfigurationError("holds regions but no expression", file=str(settings.rna))
    if not is_region_file(file):
        return _of_cells(file, assembly, expressed, settings, genes)
    if assembly is None:
        raise ConfigurationError(
            "a table does not say which genome its regions lie on; give --assembly hg38", file=str(file)
        )
    regions, rejects = read_region_file(file, assembly)
    if settings.fragments is None:
        if expressed is not None:
            raise ConfigurationError(
                "expression without open regions of the same cells links nothing; give their --fragments",
                file=str(file),
            )
        return _Opened(regions, None, None, rejects)
    if expressed is None:
        raise ConfigurationError("--fragments are counted over the cells of --rna; name that file")
    counts, notes = fragments_over_regions(settings.fragments, regions, expressed.cells)
    with_cells = vars(regions) | {
        "signal": np.asarray(counts.sum(axis=0)).ravel(),
        "opened": counts.tocsc(),
        "notes": (*without_signal_notes(regions.notes), *notes),
    }
    return _Opened(RegionSet(**with_cells), expressed.cells, expressed, rejects)


def _of_cells(
    file: Path, assembly: str | None, expressed: Expressed | None, settings: Settings, genes: GenePlaces
) -> _Opened:
    if settings.fragments is not None:
        raise ConfigurationError("--fragments are counted over a table of regions, not over cells", file=str(file))
    adata = open_cells(file)
    regions = regions_of_cells(adata, assembly, str(file))
    if regions is None:
        raise ConfigurationError(
            "no variable is a region; columns chrom, start, end, or names such as chr1:100-200 tell them",
            file=str(file),
        )
    found = expressed or expression_of_cells(adata, genes, settings.totals, str(file))
    return _Opened(regions, np.array(adata.obs_names, dtype=object), found, [])


def _chosen(
    wanted: Sequence[str], expressed: Expressed | None, genes: GenePlaces
) -> tuple[NDArray[np.int64], list[Reject]]:
    coding = np.flatnonzero(genes.biotype == CODING)
    if list(wanted) == [EVERY]:
        return coding, []
    if list(wanted) == [EXPRESSED]:
        if expressed is None:
            raise ConfigurationError("--genes expressed needs expression; give --rna, or name genes")
        detected = np.asarray((expressed.values > 0).sum(axis=0)).ravel() > 0
        return np.intersect1d(expressed.gene[detected], coding), []
    if not wanted:
        raise ConfigurationError("no gene is named; give --genes with symbols or ids, 'all' or 'expressed'")
    return genes.of(wanted)


def _without_candidates(chosen: NDArray[np.int64], pairs: Pairs, genes: GenePlaces, reach: int) -> list[Reject]:
    lonely = np.setdiff1d(chosen, pairs.gene)
    return [
        Reject("genes", str(genes.symbol[gene]), None, f"no region within {reach:,} bases", "UnsupportedError")
        for gene in lonely
    ]


def _accessibility(
    regions: RegionSet, scorer: LinearScorer, settings: Settings
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    if settings.signal == READS:
        return regions.signal, ()
    few = f"only {len(regions):,} regions: how open one is among them says little of its place in a genome"
    return scorer.reads_per_million(regions.percentile), (few,) if len(regions) < FEW else ()


def _features(
    regions: RegionSet, genes: GenePlaces, pairs: Pairs, accessibility: NDArray[np.float64], settings: Settings
) -> Columns:
    chromosome, middle = regions.chromosome[pairs.region], regions.middle[pairs.region]
    marks = {name: values[pairs.region] for name, values in regions.marks.items()}
    columns = {
        **position_features(chromosome, middle, pairs.gene, genes.tss[pairs.gene], pairs.distance, genes),
        **signal_features(accessibility[pairs.region], marks),
    }
    if settings.ubiquitous is not None:
        named = settings.ubiquitous
        is_ubiquitous = [
            symbol in named or one in named for symbol, one in zip(genes.symbol, genes.ensembl_id, strict=True)
        ]
        columns[UBIQUITOUS] = np.array(is_ubiquitous, dtype=np.float64)[pairs.gene]
    return columns


def _evidence(opened: _Opened, genes: GenePlaces, pairs: Pairs) -> dict[str, NDArray[np.float64]]:
    unknown = np.full(len(pairs), np.nan)
    if opened.cells is None or opened.regions.opened is None:
        return {"kendall": unknown, "coaccessibility": unknown}
    tau = unknown
    if opened.expressed is not None:
        tau = rna_correlation(opened.regions, opened.cells, opened.expressed, pairs)
    return {"kendall": tau, "coaccessibility": coaccessibility(opened.regions, genes, pairs)}
