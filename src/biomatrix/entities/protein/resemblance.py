"""When two sampled chains are the same: one fold where both have a structure, else similar sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
SAME_CLUSTER: Final = 0.5
"""Identity over the aligned columns from which two sequences are one cluster, as in UniRef50 (Suzek et al. 2015).
Chains that share a motif and nothing else stay below it, unless the motif is nearly half of them."""
COVERED: Final = 0.8
"""The share of the longer sequence that must be aligned, as in UniRef50."""


@dataclass(frozen=True)
class AlignedIdentity:
    """How alike two sequences are.

    Parameters
    ----------
    identity : float
        Identical residues over aligned columns, gaps between the first and the last pair among them.
    coverage : float
        Aligned residues over those of the longer sequence.
    """

    identity: float
    coverage: float

    @property
    def is_same(self) -> bool:
        """Whether both reach the thresholds of one cluster."""
        return self.identity >= SAME_CLUSTER and self.coverage >= COVERED


def resemblance(first: Protein, second: Protein) -> Check:
    """Return the TM-score of two structures, residue by residue; of chains without one the identity of sequences.

    The TM-score is the larger of the two directions, so that it is symmetric. Structures of different lengths are not
    the same. Sequences are the same from 50% identity over aligned columns that cover 80% of the longer one.
    """
    if first.backbone is not None and second.backbone is not None:
        score = _fold_score(first.backbone[:, 1], second.backbone[:, 1])
        return Check("TM-score", score > SAME_FOLD, score, "from 0 to 1", threshold=SAME_FOLD)
    found = aligned_identity(first.sequence, second.sequence)
    covered = f"over {found.coverage:.0%} of the longer"
    return Check("sequence identity", found.is_same, found.identity, "of aligned columns", covered, SAME_CLUSTER)


def aligned_identity(first: str, second: str) -> AlignedIdentity:
    """Return how alike two sequences are: position by position where their lengths are equal, else globally aligned."""
    if first == second:
        return AlignedIdentity(1.0, 1.0)
    if not first or not second:
        return AlignedIdentity(0.0, 0.0)
    if len(first) == len(second):
        return AlignedIdentity(sequence_identity(first, second), 1.0)
    return _aligned(*sorted((first, second)))


def _fold_score(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]) -> float:
    if len(first) != len(second):
        return 0.0
    try:
        return max(tm_score(first, second), tm_score(second, first))
    except UnsupportedError:  # no residue is resolved in both
        return 0.0


@lru_cache(maxsize=4096)
def _aligned(first: str, second: str) -> AlignedIdentity:
    """Align by BLOSUM62 with free ends; gaps cost 11 and 1 a residue."""
    from biotite.sequence import ProteinSequence
    from biotite.sequence.align import SubstitutionMatrix, align_optimal

    rare = str.maketrans("UOJ", "CKL")  # letters that the matrix does not hold
    matrix: Any = SubstitutionMatrix.std_protein_matrix()
    sequences: Sequence[Any] = [ProteinSequence(text.translate(rare)) for text in (first, second)]
    trace = align_optimal(*sequences, matrix, gap_penalty=(-11, -1), terminal_penalty=False, max_number=1)[0].trace
    paired = np.flatnonzero((trace >= 0).all(axis=1))
    if not len(paired):
        return AlignedIdentity(0.0, 0.0)
    equal = sum(first[a] == second[b] for a, b in trace[paired].tolist())
    columns = int(paired[-1] - paired[0]) + 1
    return AlignedIdentity(equal / columns, len(paired) / max(len(first), len(second)))
