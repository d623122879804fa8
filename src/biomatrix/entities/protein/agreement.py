"""Whether a chain is the one asked for, or the one its other modality spells; and chains that it should not be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from biomatrix.entities.check import Check
from biomatrix.entities.protein.entity import Protein
from biomatrix.metrics.sequences import sequence_identity

UNNAMED = "X"


def agree_proteins(reference: Protein, entity: Protein) -> list[Check]:
    """Return whether a chain has as many residues as a reference, and its letters where both name residues.

    Parameters
    ----------
    reference, entity : Protein
        A chain decoded from structure alone is all X and says nothing about letters; a letter X agrees with any.
    """
    difference = len(entity) - len(reference)
    counts = Check(
        "same number of residues",
        difference == 0,
        float(difference),
        "residues more",
        "" if difference == 0 else f"{len(entity)}, not {len(reference)}",
    )
    if set(reference.sequence) <= {UNNAMED} or set(entity.sequence) <= {UNNAMED}:
        return [counts]
    if difference:
        return [counts, Check("same sequence", False, detail="of another length")]
    agree = all(a == b or UNNAMED in (a, b) for a, b in zip(reference.sequence, entity.sequence, strict=True))
    return [counts, Check("same sequence", agree, sequence_identity(reference.sequence, entity.sequence), "identity")]


def shuffled_sequences(protein: Protein, count: int, seed: int) -> Iterator[Protein]:
    """Yield chains with the same residues in random order, without structure and name.

    Parameters
    ----------
    protein : Protein
    count, seed : int
    """
    draw = np.random.default_rng(seed)
    letters = np.array(list(protein.sequence))
    for _ in range(count):
        shuffled = "".join(draw.permutation(letters).tolist())
        yield replace(Protein(shuffled), chain=protein.chain)
