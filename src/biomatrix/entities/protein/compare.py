"""What two chains share: their letters, the residues that are resolved, the course of their backbones."""

from __future__ import annotations

from dataclasses import replace

from biomatrix.entities.check import Check
from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.thresholds import RMSD_LIMIT, TM_SCORE_LIMIT
from biomatrix.metrics.sequences import sequence_identity
from biomatrix.metrics.superposition import rmsd, tm_score


def compare_proteins(original: Protein, decoded: Protein) -> list[Check]:
    """Return whether two chains have the same sequence, and how far their backbones are apart.

    A side whose sequence is all X was decoded from structure alone and says nothing about the sequence.
    """
    answers: list[Check] = []
    if set(original.sequence) != {"X"} and set(decoded.sequence) != {"X"}:
        (same,) = compare_sequences(original, decoded)
        answers += [Check(same.name, same.passed), Check("identity", same.passed, same.value)]
    if original.has_structure and decoded.has_structure and len(original) == len(decoded):
        _, distance, score = compare_backbones(original, decoded)
        answers += [
            replace(distance, name="RMSD"),
            replace(score, unit=""),
        ]
    return answers


def compare_sequences(original: Protein, decoded: Protein) -> list[Check]:
    """Return whether two sequences are equal, with their identity where the lengths agree."""
    same = original.sequence == decoded.sequence
    if len(original) != len(decoded):
        return [Check("same sequence", False, detail=f"{len(original)} and {len(decoded)} residues")]
    identity = sequence_identity(original.sequence, decoded.sequence) if len(original) else None
    return [Check("same sequence", same, identity, "identity")]


def compare_backbones(original: Protein, decoded: Protein) -> list[Check]:
    """Return RMSD and TM-score over residues resolved in both, and whether the same residues are resolved."""
    if len(original) != len(decoded):
        return [Check("same residues resolved", False, detail=f"{len(original)} and {len(decoded)} residues")]
    differing = int((original.resolved != decoded.resolved).sum())
    checks = [Check("same residues resolved", differing == 0, float(differing), "residues")]
    both = original.resolved & decoded.resolved
    if original.backbone is None or decoded.backbone is None or both.sum() < 3:
        return [*checks, Check("backbone RMSD", None), Check("TM-score", None)]
    native, model = original.backbone[both], decoded.backbone[both]
    deviation = float(rmsd(model.reshape(-1, 3), native.reshape(-1, 3)))
    score = float(tm_score(model[:, 1], native[:, 1]))
    return [
        *checks,
        Check("backbone RMSD", deviation <= RMSD_LIMIT, deviation, "Angstrom", threshold=RMSD_LIMIT),
        Check("TM-score", score >= TM_SCORE_LIMIT, score, "from 0 to 1", threshold=TM_SCORE_LIMIT),
    ]
