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
from biomatrix.links.candidates import Pairs, candidate_pairs
from biomatrix.links.cell_files import Expressed
from biomatrix.links.evidence import coaccessibility, rna_correlation
from biomatrix.links.features import UBIQUITOUS, Columns, position_features, promoter_of, signal_features
from biomatrix.links.gene_places import CODING, GenePlaces, gene_places
from biomatrix.links.linear_scorer import WEIGHTS, LinearScorer
from biomatrix.links.opened_files import Opened, opened_files
from biomatrix.links.region_set import RegionSet
from biomatrix.links.settings import DEFAULT, READS, SIGNALS, Settings

log = logging.getLogger(__name__)
FEW: Final = 1_000
"""Fewer regions than this are no sample of a genome: their percentiles are told to be rough."""
GRAPH_NAMES: Final = ("graph_accessibility", "graph_marks")
"""Scorers that read all candidates of a file as one graph."""
EXPRESSED: Final = "expressed"
EVERY: Final = "all"


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


def find_links(
    file: Path, wanted: Sequence[str], settings: Settings | None = None, genes: GenePlaces | None = None
) -> Links:
    """Return every region within reach of the wanted genes, scored and ranked.

    Parameters
    ----------
    file : Path
        Cells with open regions, as of :meth:`biomatrix.CellSet.from_file`, or a table of regions.
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
    is_graph = settings.scorer in GRAPH_NAMES
    scorer = LinearScorer.from_pretrained(DEFAULT if is_graph else settings.scorer)
    opened = opened_files(file, settings, table)
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
    log_odds = _by_graph(settings.scorer, columns, pairs) if is_graph else scorer.score(columns)
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


def _chosen(
    wanted: Sequence[str], expressed: Expressed | None, genes: GenePlaces
) -> tuple[NDArray[np.int64], list[Reject]]:
    coding = np.flatnonzero(genes.biotype == CODING)
    if list(wanted) == [EVERY]:
        return coding, []
    if list(wanted) == [EXPRESSED]:
        if expressed is None:
            raise ConfigurationError("--genes expressed needs expression; give --expression, or name genes")
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


def _by_graph(name: str, columns: Columns, pairs: Pairs) -> NDArray[np.float64]:
    from biomatrix.links.graph_scorer import GraphScorer

    return GraphScorer.from_file(WEIGHTS / f"{name}.safetensors").score(columns, pairs.region, pairs.gene)


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


def _evidence(opened: Opened, genes: GenePlaces, pairs: Pairs) -> dict[str, NDArray[np.float64]]:
    unknown = np.full(len(pairs), np.nan)
    if opened.cells is None or opened.regions.opened is None:
        return {"kendall": unknown, "coaccessibility": unknown}
    tau = unknown
    if opened.expressed is not None:
        tau = rna_correlation(opened.regions, opened.cells, opened.expressed, pairs)
    return {"kendall": tau, "coaccessibility": coaccessibility(opened.regions, genes, pairs)}
