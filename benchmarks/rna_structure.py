"""Rate and distortion of the geometric codec of RNA on unseen clusters, what its codes cost, and what wrong codes do.

    python benchmarks/rna_structure.py CHAINS.parquet [--names nucleotide-256 FOLDER] [--noise 0.01 0.05] [--json OUT]

On the strands whose ``split`` is "test", none of whose clusters was fitted on. Segments: unbroken ones of 17 or more
nucleotides, each encoded by itself, RMSD of P, C4' and the glycosidic N after superposition, the mean over segments;
those whose atoms are known also over all fifteen. Strands: the same for whole strands, with their jumps over breaks.
Bits: of a model of up to three codes in a row (Witten-Bell), counted on the train split and asked on the test split.
``--by-base 256`` tells what codes would gain that know whether a base is a purine: open-loop error of k-means.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities import NucleicAcid
from biomatrix.entities.nucleic.round_trip.errors import SHORTEST_SEGMENT, NucleicErrors
from biomatrix.entities.nucleic.round_trip.measure import measure_strands
from biomatrix.entities.nucleic.structure.nucleotide.beads import BEADS, joined_to_previous, resolved_nucleotides
from biomatrix.entities.nucleic.structure.nucleotide.strands import nucleotides_of
from biomatrix.entities.nucleic.structure.nucleotide.tokenizer import NucleotideTokenizer
from biomatrix.entities.nucleic.structure.strand_table import StrandRecord, read_strands
from biomatrix.entities.nucleic.structure.tokenizer import RnaStructureTokenizer
from biomatrix.entities.rigid_steps.clusters import clusters, means_of, nearest_means
from biomatrix.entities.tokenizer_folder import shipped_names

Codes = NDArray[np.int16]


def segments_of(strands: Sequence[NucleicAcid]) -> list[NucleicAcid]:
    """Return the unbroken segments of strands, each a strand of its own."""
    segments = []
    for strand in strands:
        assert strand.backbone is not None
        places = np.flatnonzero(resolved_nucleotides(strand.backbone))
        joined = joined_to_previous(strand.backbone[places][:, BEADS], places)
        for part in np.split(places, np.flatnonzero(~joined)[1:] if len(places) else []):
            if len(part) >= SHORTEST_SEGMENT:
                bases = "".join(strand.sequence[place] for place in part)
                segments.append(NucleicAcid(bases, strand.kind, strands=1, backbone=strand.backbone[part]))
    return segments


def figures(errors: NucleicErrors, of: str) -> dict[str, float]:
    """Return the figures of strands or segments."""
    return {
        f"{of} RMSD": errors.rmsd.mean,
        f"{of} median": errors.rmsd.median,
        f"{of} p95": errors.rmsd.p95,
        f"{of} fifteen atoms": errors.rmsd_all.mean,
        f"{of} lDDT": errors.lddt.mean,
    }


def measure(tokenizer: RnaStructureTokenizer, records: list[StrandRecord], noise: Sequence[float]) -> dict[str, float]:
    """Return every figure of one tokenizer."""
    strands = [record.strand for record in records if record.split == "test"]
    segments = segments_of(strands)
    alone, trip = measure_strands(segments, tokenizer), measure_strands(strands, tokenizer)
    whole = [one for one in alone.each if np.isfinite(one.rmsd_all)]
    found = {
        "segments": len(segments),
        **figures(alone.errors, "segment"),
        "segment RMSD where atoms are known": float(np.mean([one.rmsd for one in whole])),
        **figures(trip.errors, "strand"),
        "C3'-endo before": alone.errors.c3_endo_before.value,
        "C3'-endo after": alone.errors.c3_endo_after.value,
        "pucker kept": alone.errors.pucker.value,
        "bonds within, MAE": alone.errors.bonds_to_ideal["within nucleotides"].mae,
        "bonds within, worst": alone.errors.bonds_to_ideal["within nucleotides"].max,
        "O3'-P, MAE": alone.errors.bonds_to_ideal["O3'-P"].mae,
        "O3'-P, worst": alone.errors.bonds_to_ideal["O3'-P"].max,
        "entropy": float(np.log2(alone.codes.perplexity)),
        **bits(tokenizer, records),
        **rates(tokenizer, strands),
    }
    for share in noise:
        noisy = measure_strands(segments, tokenizer, noise=share).noisy
        assert noisy is not None
        found[f"segment RMSD at {share:.0%} wrong"] = noisy.errors.rmsd.mean
        found[f"segment lDDT at {share:.0%} wrong"] = noisy.errors.lddt.mean
    dna = [record.strand for record in records if record.strand.kind == "dna"]
    if dna:
        found["DNA strand RMSD"] = measure_strands(dna, tokenizer).errors.rmsd.mean
    return found


def bits(tokenizer: RnaStructureTokenizer, records: list[StrandRecord]) -> dict[str, float]:
    """Return the bits a test code costs a model of one, two and three codes in a row."""
    train, test = (
        [codes[codes >= 0].tolist() for codes in tokenizer.encode([r.strand for r in records if r.split == split])]
        for split in ("train", "test")
    )
    counts: defaultdict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    for codes in train:
        for place, code in enumerate(codes[1:], start=1):
            for order in range(min(3, place + 1)):
                counts[tuple(codes[place - order : place])][code] += 1
    totals = {context: (sum(after.values()), len(after)) for context, after in counts.items()}

    def chance(code: int, context: tuple[int, ...]) -> float:
        """Witten-Bell: a context that was followed by many different codes says less."""
        shorter = chance(code, context[1:]) if context else 1.0 / tokenizer.num_codes
        total, kinds = totals.get(context, (0, 0))
        return (counts[context][code] + kinds * shorter) / (total + kinds) if total else shorter

    found = {}
    for order, name in enumerate(("unigram bits", "bigram bits", "trigram bits")):
        costs = [
            -np.log2(chance(code, tuple(codes[max(0, place - order) : place])))
            for codes in test
            for place, code in enumerate(codes[1:], start=1)
        ]
        found[name] = float(np.mean(costs))
    return found


def rates(tokenizer: RnaStructureTokenizer, strands: list[NucleicAcid]) -> dict[str, float]:
    """Return nucleotides per second of processor time; codes are decoded eight times over."""
    total = sum(map(len, strands))
    started = time.process_time()
    codes = tokenizer.encode(strands) * 8
    between = time.process_time()
    tokenizer.decode(codes)
    return {
        "encoded nt/s": total / (between - started),
        "decoded nt/s": 8 * total / (time.process_time() - between),
    }


def base_gain(records: list[StrandRecord], num_codes: int) -> dict[str, float]:
    """Return how far test steps lie from codes that know whether the next base is a purine, and from codes that do not.

    By k-means of true steps in open loop, the same number of codes for each class of base as for all: RMSD of the beads
    of a nucleotide, the one before it in place.
    """
    steps = {
        split: _steps([record.strand for record in records if record.split == split]) for split in ("train", "test")
    }
    (beads, purine), (asked, asked_purine) = steps["train"], steps["test"]
    everywhere = [np.ones(len(part), dtype=bool) for part in (purine, asked_purine)]
    classes = [(purine, asked_purine), (~purine, ~asked_purine)]
    found = {}
    for name, parts in (("blind", [tuple(everywhere)]), ("by base", classes)):
        square = 0.0
        for known, wanted in parts:
            nearest = clusters(beads[known], num_codes, 12, np.random.default_rng(0))
            means = means_of(beads[known], nearest, num_codes).astype(np.float32)
            square += ((asked[wanted] - means[nearest_means(asked[wanted], means)]) ** 2).sum()
        found[f"open loop, {name}"] = float(np.sqrt(square / (3 * len(asked))))
    return found


def _steps(strands: Sequence[NucleicAcid]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the beads of each bonded nucleotide seen from the one before, [n, 9], and whether its base is a purine."""
    nucleotides, _ = nucleotides_of([strand.backbone for strand in strands if strand.backbone is not None])
    purines = np.array([letter in "AGR" for strand in strands for letter in strand.sequence])[nucleotides.places]
    beads = nucleotides.seen[nucleotides.joined][:, BEADS].reshape(-1, 9)
    return beads.astype(np.float32), purines[nucleotides.joined]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("table", type=Path)
    parser.add_argument("--names", nargs="*", help="shipped names or folders; all shipped ones when not given")
    parser.add_argument("--noise", type=float, nargs="*", default=[0.01, 0.05])
    parser.add_argument("--beams", type=int, help="search with as many beams instead")
    parser.add_argument("--by-base", type=int, metavar="CODES")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    records = list(read_strands(arguments.table))
    results: dict[str, Any] = {}
    for name in shipped_names("rna") if arguments.names is None else arguments.names:
        tokenizer = RnaStructureTokenizer.from_pretrained(name)
        if arguments.beams and isinstance(tokenizer, NucleotideTokenizer):
            settings = replace(tokenizer.settings, num_beams=arguments.beams)
            tokenizer = NucleotideTokenizer(tokenizer.codebook, settings, name=tokenizer.name)
        results[name] = measure(tokenizer, records, arguments.noise)
        print(name, *(f"  {key:36} {value:12.4f}" for key, value in results[name].items()), sep="\n", flush=True)
    if arguments.by_base:
        results["by base"] = base_gain(records, arguments.by_base)
        print(*(f"{key:36} {value:12.4f}" for key, value in results["by base"].items()), sep="\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
