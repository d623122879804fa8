"""What two nucleic acids share: letters, base pairs, features, the course of their backbones."""

from __future__ import annotations

import numpy as np

from biomatrix.entities.check import Check
from biomatrix.entities.nucleic.bases import ANY
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.thresholds import RMSD_LIMIT
from biomatrix.metrics.nucleic.base_pairs import pair_scores
from biomatrix.metrics.sequences import sequence_identity
from biomatrix.metrics.superposition import rmsd


def compare_nucleic(original: NucleicAcid, decoded: NucleicAcid) -> list[Check]:
    """Return whether two have the same letters, and what both say of pairs, coding sequences and coordinates.

    A side whose sequence is all N was decoded from structure alone and says nothing about letters.
    """
    answers: list[Check] = []
    lengths = len(original) == len(decoded)
    if set(original.sequence) != {ANY} and set(decoded.sequence) != {ANY}:
        same = original.sequence == decoded.sequence
        identity = sequence_identity(original.sequence, decoded.sequence) if lengths and len(original) else None
        answers += [Check("same sequence", same), Check("identity", same, identity)]
    if original.pairs is not None and decoded.pairs is not None:
        answers.append(_shared_pairs(original.pairs, decoded.pairs))
    if original.features and decoded.features:
        answers.append(Check("same features", original.features == decoded.features))
    if original.backbone is not None and decoded.backbone is not None and lengths:
        answers.append(backbone_distance(original, decoded))
    return answers


def backbone_distance(original: NucleicAcid, decoded: NucleicAcid) -> Check:
    """Return the RMSD over all atoms that both have, after superposition."""
    assert original.backbone is not None
    assert decoded.backbone is not None
    both = np.isfinite(original.backbone).all(axis=-1) & np.isfinite(decoded.backbone).all(axis=-1)
    if both.sum() < 3:
        return Check("RMSD", None, detail="fewer than three atoms in both")
    distance = float(rmsd(decoded.backbone[both], original.backbone[both]))
    return Check("RMSD", distance <= RMSD_LIMIT, distance, "Angstrom", threshold=RMSD_LIMIT)


def _shared_pairs(first: tuple[tuple[int, int], ...], second: tuple[tuple[int, int], ...]) -> Check:
    return Check("same pairs", first == second, pair_scores(second, first)["f1"], "F1")
