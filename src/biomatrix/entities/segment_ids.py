"""The ids of a modality in some vocabulary: all that an automaton needs to know about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class SegmentIds:
    """The ids that stand in a segment of one modality.

    Parameters
    ----------
    start_id, end_id : int
        The control pair.
    tokens : mapping of str to int
        The modality's own tokens, and its ``text_tokens`` that are one base piece, each with its id.
    plain_ids : ndarray, shape=(n,), dtype=int64
        The base model's pieces, ascending: what a modality spelled as text may write.
    parts : mapping of str to SegmentIds
        For a composite modality, the ids of the modalities whose segments stand inside it, by their names.
    spelling : callable
        Gives the texts of the base model's pieces, by id, as far as they are printable ASCII; made when first asked.
    """

    start_id: int
    end_id: int
    tokens: Mapping[str, int]
    plain_ids: NDArray[np.int64]
    parts: Mapping[str, SegmentIds] = field(default_factory=dict)
    spelling: Callable[[], Mapping[int, str]] = dict
