"""When two sampled chains are the same: one fold where both have a structure, else similar sequences."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np

from biomatrix.entities.check import Check
from biomatrix.entities.protein.entity import Protein
from biomatrix.errors import UnsupportedError
from biomatrix.metrics.sequences import sequence_identity
from biomatrix.metrics.superposition import tm_score

SAME_FOLD: Final = 0.5
"""TM-score above which two structures have one fold (Xu and Zhang 2010)."""
SAME_FAMILY: Final = 0.3
"""Identity above which two sequences most often have one fold, the upper end of the twilight zone (Rost 1999)."""


def resemblance(first: Protein, second: Protein) -> Check:
    """Return the TM-score of two structures, residue by residue; of chains without one the identity of sequences.

    The TM-score is the larger of the two directions, so that it is symmetric. Structures of different lengths are not
    the same. The identity is over the shorter sequence, aligned globally with BLOSUM62 where the lengths differ.
    """
    if first.backbone is not None and second.backbone is not None:
        score = _fold_score(first.backbone[:, 1], second.backbone[:, 1])
        return Check("TM-score", score > SAME_FOLD, score, "from 0 to 1")
    identity = aligned_identity(first.sequence, second.sequence)
    return Check("sequence identity", identity > SAME_FAMILY, identity)


def aligned_identity(first: str, second: str) -> float:
    """Return the share of the shorter sequence that equals the other, aligned where the lengths differ."""
    if first == second:
        return 1.0
    if not first or not second:
        return 0.0
    return sequence_identity(first, second) if len(first) == len(second) else _aligned(*sorted((first, second)))


def _fold_score(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]) -> float:
    if len(first) != len(second):
        return 0.0
    try:
        return max(tm_score(first, second), tm_score(second, first))
    except UnsupportedError:  # no residue is resolved in both
        return 0.0


@lru_cache(maxsize=4096)
def _aligned(first: str, second: str) -> float:
    from biotite.sequence import ProteinSequence
    from biotite.sequence.align import SubstitutionMatrix, align_optimal

    rare = str.maketrans("UOJ", "CKL")  # letters that the matrix does not hold
    matrix: Any = SubstitutionMatrix.std_protein_matrix()
    sequences: Sequence[Any] = [ProteinSequence(text.translate(rare)) for text in (first, second)]
    trace = align_optimal(*sequences, matrix, gap_penalty=(-11, -1), terminal_penalty=False, max_number=1)[0].trace
    paired = trace[(trace >= 0).all(axis=1)]
    equal = sum(first[a] == second[b] for a, b in paired.tolist())
    return float(equal / min(len(first), len(second)))
