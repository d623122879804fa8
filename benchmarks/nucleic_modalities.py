"""How fast nucleic acids become tokens and are read back, and what a step of guided writing costs.

    python benchmarks/nucleic_modalities.py
    python benchmarks/nucleic_modalities.py --bases 49152 --rows 64 --rounds 5

Encoding and decoding against a plain loop over letters that makes the same tokens and checks nothing; processor time,
the median of runs that take turns. A step is what a guide is asked for one token of each row, `allowed` and `advance`,
and the mask made of it, at random among what is allowed; the ids lie behind 151,669 others. Target: at most 0.3 ms.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from timing import verdict

TARGET = 0.3
BASE = 151_669
"""Ids before those of the modality, as in Qwen3."""


def writers() -> list[Any]:
    from biomatrix.entities.nucleic.modalities.codons import MrnaCodons
    from biomatrix.entities.nucleic.modalities.kmers import DnaKmer
    from biomatrix.entities.nucleic.modalities.pairs import RnaPairs
    from biomatrix.entities.nucleic.modalities.sequence import DnaSequence, RnaSequence

    return [DnaSequence(), RnaSequence(), DnaKmer(), MrnaCodons(), RnaPairs()]


def acid_of(writer: Any, bases: int, rng: random.Random) -> Any:
    """Return a random strand that the modality writes: a tenth of a transcript is UTR, a third of RNA is paired."""
    from biomatrix import NucleicAcid
    from biomatrix.entities.nucleic.features import Feature

    letters = "".join(rng.choices("ACGT" if writer.kind == "dna" else "ACGU", k=bases))
    if writer.name == "mrna_codons":
        return NucleicAcid(letters, "rna", features=(Feature("CDS", ((bases // 20, bases - bases // 20),)),))
    stems = range(0, bases - 30, 30)
    pairs = tuple((start + step, start + 24 - step) for start in stems for step in range(5))
    return NucleicAcid(letters, writer.kind, pairs=pairs if writer.name == "rna_pairs" else None)


def plain_loops(writer: Any, acid: Any, tokens: list[str]) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Return loops that write and read the same tokens letter by letter, without any check."""
    steps = [len(one) or 1 for one in writer.units(tokens)]

    def write() -> list[str]:
        made, at = [], 0
        for token, step in zip(tokens, steps, strict=True):
            made.append(f"{token[: token.index(' ')]} {acid.sequence[at : at + step]}>")
            at += step
        return made

    def read() -> str:
        letters = ""
        for token in tokens:
            letters += token[token.index(" ") + 1 : -1]
        return letters

    return write, read


def measure(works: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Return the median processor seconds of each, runs taking turns."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            begun = time.process_time()
            work()
            times[name].append(time.process_time() - begun)
    return {name: median(each) for name, each in times.items()}


def step_time(guide: Any, bounds: Any, rows: int, steps: int) -> float:
    """Return the median processor milliseconds of a step of some rows that write at random."""
    import torch

    from biomatrix.generation.masks import MaskTable

    table = MaskTable(guide.ids, torch.device("cpu"))
    generator = np.random.default_rng(0)
    states = np.stack([guide.start(bounds)] * rows)
    times = []
    for _ in range(steps):
        begun = time.process_time()
        ranges = guide.allowed(states)
        table.allowed(ranges)
        asked = time.process_time()
        spans = [each[generator.integers(len(each))] for each in ranges]
        ids = np.array([generator.integers(*span) for span in spans])
        going = ids != guide.end_id
        begun += time.process_time() - asked
        following = guide.advance(states, ids)
        times.append(1000 * (time.process_time() - begun))
        states = np.where(going[:, None], following, states)  # a row that ended writes its last token again
    return median(times)


def guides(writer: Any, length: int) -> dict[str, tuple[Any, Any]]:
    """Return what guides the modality, with bounds: any length, one, and beside another segment where there is such."""
    from biomatrix import NucleicAcid
    from biomatrix.entities.automaton import Bounds
    from biomatrix.entities.nucleic.modalities.sequence import RnaSequence
    from biomatrix.entities.segment_ids import SegmentIds

    ids = {token: BASE + 2 + number for number, token in enumerate(writer.vocabulary())}
    guide = writer.automaton(SegmentIds(BASE, BASE + 1, ids, np.arange(BASE)))
    found = {"free": (guide, Bounds(length + 1)), "of a length": (guide, Bounds(length + 1, length))}
    if writer.name == "rna_pairs":
        letters = "".join(random.Random(0).choices("ACGU", k=length))
        other = RnaSequence()
        bound, _ = writer.bound_by(guide, other.encode(NucleicAcid(letters, "rna")), other)
        found["beside bases"] = bound, Bounds(length + 1, length)
    return found


def main() -> None:
    """Measure and print."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bases", type=int, default=49_152)
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    rng, worst = random.Random(0), 0.0
    for writer in writers():
        acid = acid_of(writer, given.bases, rng)
        tokens = writer.encode(acid)
        assert writer.decode(tokens) == acid or writer.name == "rna_pairs"
        write, read = plain_loops(writer, acid, tokens)
        works = {"encode": lambda w=writer, a=acid: w.encode(a), "decode": lambda w=writer, t=tokens: w.decode(t)}
        took = measure(works | {"plain encode": write, "plain decode": read}, given.rounds)
        print(f"{writer.name}: {given.bases:,} bases as {len(tokens):,} tokens")
        for name in ("encode", "decode"):
            ratio = took[f"plain {name}"] / took[name]
            print(f"  {name} {len(tokens) / took[name] / 1e6:.2f} M tokens/s, {ratio:.1f} times the plain loop")
        for name, (guide, bounds) in guides(writer, 2 * given.steps).items():
            milliseconds = step_time(guide, bounds, given.rows, given.steps)
            worst = max(worst, milliseconds)
            print(f"  a step of {given.rows} rows, {name}: {milliseconds:.3f} ms", flush=True)
    verdict(f"a step of {given.rows} rows", worst, TARGET, "ms", at_most=True)


if __name__ == "__main__":
    main()
