"""Whether a nucleic acid is the one asked for; how alike two are; and sequences that a structure should not fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from biomatrix.entities.check import Check
from biomatrix.entities.nucleic.bases import ANY, readings
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.metrics.sequences import sequence_identity

_SAME: Final = 0.9


def agree_nucleic(reference: NucleicAcid, entity: NucleicAcid) -> list[Check]:
    """Return whether a strand has the length, the letters and the pairs of a reference, where both say them.

    Ambiguous letters agree with every base that both may stand for.
    """
    difference = len(entity) - len(reference)
    counts = Check(
        "same number of bases",
        difference == 0,
        float(difference),
        "bases more",
        "" if difference == 0 else f"{len(entity)}, not {len(reference)}",
    )
    checks = [counts]
    if not (set(reference.sequence) <= {ANY} or set(entity.sequence) <= {ANY}):
        checks.append(_letters(reference.sequence, entity.sequence))
    if reference.pairs is not None and entity.pairs is not None:
        checks.append(Check("same pairs", reference.pairs == entity.pairs))
    return checks


def _letters(reference: str, given: str) -> Check:
    if len(reference) != len(given):
        return Check("same sequence", False, detail="of another length")
    agree = reference == given or all(
        one == two or set(readings(one)) & set(readings(two)) for one, two in zip(reference, given, strict=True)
    )
    return Check("same sequence", agree, sequence_identity(reference, given) if given else None, "identity")


def resemblance(first: NucleicAcid, second: NucleicAcid) -> Check:
    """Return the share of places with one base in both, 0 for different lengths; the same from nine in ten on."""
    if len(first) != len(second) or not len(first):
        return Check("identity", first.sequence == second.sequence, float(first.sequence == second.sequence))
    identity = float(sequence_identity(first.sequence, second.sequence))
    return Check("identity", identity >= _SAME, identity, threshold=_SAME)


def shuffled(entity: NucleicAcid, count: int, seed: int) -> Iterator[NucleicAcid]:
    """Yield nucleic acids with the same bases in random order, without anything else."""
    draw = np.random.default_rng(seed)
    letters = np.array(list(entity.sequence))
    for _ in range(count):
        yield NucleicAcid("".join(draw.permutation(letters).tolist()), entity.kind, entity.strands, chain=entity.chain)
