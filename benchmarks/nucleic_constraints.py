"""Messenger RNAs for one protein, without sites of nine enzymes or a run of six: by construction, and by others.

    python benchmarks/nucleic_constraints.py --count 10000
    python benchmarks/nucleic_constraints.py --genbank sars_cov_2.gb.gz --gene S

Times are of one core. Prints how long the constraint takes to compile, how many sequences keep it, what a step costs beside 168,000 ids, how
many of those that are written at random under the masks keep the protein and hold no motif, how many end nowhere, and the
same for masks without look-ahead. DNA Chisel and codon-constrain are measured beside it where they are installed.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges
from biomatrix.entities.nucleic.constraints.compiled import Compiled
from biomatrix.entities.nucleic.constraints.design import Coding, Design, Untranslated
from biomatrix.entities.nucleic.constraints.designed_sequence import DesignedSequence
from biomatrix.entities.nucleic.constraints.motif_automaton import BASES, CODONS, FIRST_CODON
from biomatrix.entities.nucleic.constraints.solutions import Solutions
from biomatrix.entities.nucleic.genetic_code import genetic_code
from biomatrix.entities.nucleic.motifs import Motif, parse_motifs
from biomatrix.generation.masks import MaskTable

ENZYMES = "EcoRI;BamHI;BsaI;BsmBI;NotI;XhoI;BbsI;SapI;HindIII"
IDS, BATCH, ROWS = 168_000, 64, 2_000
NO_UTR = Untranslated(0, 0)
LETTERS = np.array([*BASES, *CODONS, ""])


def protein_of(path: str | None, gene: str) -> str:
    """Return the protein of a gene of a GenBank file; where no file is given and none lies about, a random one."""
    shared = os.environ.get("BIOMATRIX_SHARED")
    if path is None and shared:
        path = str(Path(shared) / "data/nucleic/genomes/sars_cov_2_MN908947.gb.gz")
    if path is None or not Path(path).exists():
        print("no GenBank file: a random protein of 1,273 residues stands for the spike protein")
        return "M" + "".join(np.random.default_rng(0).choice(list("ACDEFGHIKLMNPQRSTVWY"), 1272)) + "*"
    import gzip

    from biotite.sequence.io.genbank import GenBankFile, get_annotated_sequence

    with gzip.open(path, "rt") as stream:
        annotated = get_annotated_sequence(GenBankFile.read(stream), include_only=["CDS"])
    feature = next(one for one in annotated.annotation if one.qual.get("gene") == gene)
    return genetic_code(1).translate(str(annotated[feature]))


def automaton(design: Design, *, by_codon: bool) -> DesignedSequence:
    """Return the automaton over ids behind 150,000 others."""
    ids = np.full(FIRST_CODON + len(CODONS), -1, dtype=np.int64)
    ids[:FIRST_CODON] = 150_000 + np.arange(FIRST_CODON)
    if by_codon:
        ids[FIRST_CODON:] = 160_000 + np.arange(len(CODONS))
    return DesignedSequence("mrna_codons" if by_codon else "dna_sequence", 149_998, 149_999, ids, design)


def drawn(ranges: Sequence[Ranges], generator: np.random.Generator) -> NDArray[np.int64]:
    """Return one id of each row's, evenly."""
    ids = np.empty(len(ranges), dtype=np.int64)
    keys = np.array(list(map(id, ranges)))
    for key in np.unique(keys):
        rows = np.flatnonzero(keys == key)
        members = np.concatenate([np.arange(first, stop) for first, stop in ranges[rows[0]]] or [np.empty(0)])
        if not len(members):
            raise SystemExit("a dead end: a row is allowed nothing")
        ids[rows] = generator.choice(members, len(rows))
    return ids


def written(guide: DesignedSequence, count: int, generator: np.random.Generator) -> list[str]:
    """Return sequences written at random under the guide."""
    states = np.repeat(guide.start(Bounds(20_000))[None], count, axis=0)
    columns = []
    while not guide.finished(states).all():
        ids = drawn(guide.allowed(states), generator)
        states = guide.advance(states, ids)
        symbols = np.where(ids < 150_000, len(LETTERS) - 1, np.where(ids < 160_000, ids - 150_000, ids - 160_000 + 4))
        columns.append(symbols)
    return ["".join(row) for row in LETTERS[np.stack(columns, axis=1)].tolist()]


def step_seconds(guide: DesignedSequence, generator: np.random.Generator) -> float:
    """Return the median time of the masks of a step and of moving on, for a batch beside all ids."""
    masks = MaskTable(np.arange(IDS), torch.device("cpu"))
    states = np.repeat(guide.start(Bounds(20_000))[None], BATCH, axis=0)
    times = []
    while not guide.finished(states).all():
        begun = time.process_time()
        ranges = guide.allowed(states)
        masks.allowed(ranges)
        half = time.process_time()
        ids = drawn(ranges, generator)
        again = time.process_time()
        states = guide.advance(states, ids)
        times.append(time.process_time() - again + half - begun)
    return statistics.median(times)


def blind_dead_ends(compiled: Compiled, runs: int, generator: np.random.Generator) -> int:
    """Return how many runs that only look at the next codon find none that is free of motifs."""
    dead_ends = 0
    for _ in range(runs):
        node, state = 0, compiled.start
        while compiled.edges[node]:
            (edge,) = compiled.edges[node]
            open_ = edge.after[state][edge.after[state] < compiled.motifs.size]
            if not len(open_):
                dead_ends += 1
                break
            node, state = edge.target, int(generator.choice(open_))
    return dead_ends


def judged(sequences: Sequence[str], protein: str, motifs: Sequence[Motif]) -> str:
    """Return how many translate to the protein by Biotite, and how many hold a motif."""
    from biotite.sequence import CodonTable, NucleotideSequence

    table = CodonTable.load(1)
    exact = sum(str(NucleotideSequence(one).translate(True, table)) == protein for one in sequences)
    holding = sum(any(motif.found(one) is not None for motif in motifs) for one in sequences)
    distinct = len(set(sequences))
    return f"{exact:,} of {len(sequences):,} exact, {holding:,} with a motif, {distinct:,} distinct"


def beside(protein: str, motifs: Sequence[Motif], generator: np.random.Generator) -> None:
    """Print what DNA Chisel and codon-constrain make of it, where they are installed."""
    try:
        chisel = importlib.import_module("dnachisel")
    except ImportError:
        print("DNA Chisel: not installed (pip install dnachisel)")
    else:
        table, times, made = genetic_code(1).codons, [], []
        for _ in range(5):
            begun = time.process_time()
            start = "".join(generator.choice(table[letter]) for letter in protein)
            wishes = [chisel.AvoidPattern(motif.pattern, strand=1) for motif in motifs]
            problem = chisel.DnaOptimizationProblem(
                start, constraints=[chisel.EnforceTranslation(), *wishes], logger=None
            )
            try:
                problem.resolve_constraints()
                made.append(problem.sequence)
            except chisel.NoSolutionError:
                pass
            times.append(time.process_time() - begun)
        print(f"DNA Chisel: {statistics.median(times) * 1e3:,.1f} ms a sequence; {judged(made, protein, motifs)}")
    try:
        importlib.import_module("codon_constrain")
    except ImportError:
        print("codon-constrain: not installed (pip install codon-constrain)")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--genbank", help="a GenBank file, gzipped")
    parser.add_argument("--gene", default="S")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=300, help="runs without look-ahead")
    options = parser.parse_args()
    torch.set_num_threads(1)
    generator = np.random.default_rng(0)
    protein, motifs = protein_of(options.genbank, options.gene), parse_motifs(f"{ENZYMES};runs>5")
    compiled, times = None, []
    for _ in range(7):
        begun = time.process_time()
        design = Design(coding=Coding(protein), before=NO_UTR, behind=NO_UTR, motifs=parse_motifs(f"{ENZYMES};runs>5"))
        compiled = design.compiled(design.nodes(0, 0), 1)
        times.append(time.process_time() - begun)
    assert compiled is not None
    print(f"{len(protein):,} codons, {compiled.motifs.size} motif states; compiled in {min(times) * 1e3:.1f} ms")
    begun = time.process_time()
    solutions = Solutions(compiled)
    print(f"10^{len(str(solutions.total)) - 1} sequences, counted in {(time.process_time() - begun) * 1e3:.1f} ms")
    for by_codon in (True, False):
        seconds = step_seconds(automaton(design, by_codon=by_codon), generator)
        print(f"a step {'by codon' if by_codon else 'by base'}: {seconds * 1e3:.3f} ms, {BATCH} rows, {IDS:,} ids")
    begun = time.process_time()
    guide, made = automaton(design, by_codon=True), []
    while len(made) < options.count:
        made += written(guide, min(ROWS, options.count - len(made)), generator)
    spent = time.process_time() - begun
    print(f"under the masks: {judged(made, protein, motifs)}, 0 dead ends; {spent / len(made) * 1e3:.2f} ms each")
    begun = time.process_time()
    even = solutions.drawn(100, generator)
    print(f"drawn evenly: {judged(even, protein, motifs)}; {(time.process_time() - begun) * 10:.2f} ms each")
    print(f"without look-ahead: a dead end in {blind_dead_ends(compiled, options.runs, generator)} of {options.runs}")
    beside(protein, motifs, generator)
    return 0


if __name__ == "__main__":
    sys.exit(main())
