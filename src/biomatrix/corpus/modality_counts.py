"""The tokens of a corpus by modality: read from the ids, between the control pairs."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.corpus.shards import TokenShards
from biomatrix.progress import Progress

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary

TEXT: Final = "text"
"""What is between no control pair."""
_TOGETHER: Final = 1 << 22


def modality_counts(folder: Path, vocabulary: Vocabulary) -> dict[str, int]:
    """Return the tokens of each modality in finished shards, control pairs included, and of text.

    What stands inside a composite counts as the composite's.

    Parameters
    ----------
    folder : Path
        A corpus folder with its manifest.
    vocabulary : Vocabulary
        The one it was built with.
    """
    shards = TokenShards(folder)
    counts: Counter[str] = Counter()
    progress = Progress("tokens by modality", shards.num_tokens, "tokens")
    for reader in shards.readers:
        for first, stop in _stretches(reader.offsets):
            counts.update(_of_ids(np.asarray(reader.tokens[first:stop]), vocabulary))
            progress.advance(stop - first)
    return {name: counts[name] for name in (TEXT, *vocabulary.modalities) if counts[name]}


def _stretches(offsets: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return stretches of whole documents of some million tokens each."""
    edges = [0]
    while edges[-1] < offsets[-1]:
        index = int(np.searchsorted(offsets, edges[-1] + _TOGETHER, side="right")) - 1
        following = int(np.searchsorted(offsets, edges[-1], side="right"))
        edges.append(int(offsets[max(index, following)]))
    return list(pairwise(edges))


def _of_ids(ids: NDArray[Any], vocabulary: Vocabulary) -> dict[str, int]:
    """Return the tokens of each modality among the ids of whole documents."""
    names = list(vocabulary.modalities)
    size = max(len(vocabulary), int(ids.max()) + 1 if len(ids) else 0)
    step, owner = np.zeros(size, dtype=np.int8), np.zeros(size, dtype=np.int16)
    for number, name in enumerate(names, start=1):
        step[vocabulary.start_id(name)], step[vocabulary.end_id(name)] = 1, -1
        owner[vocabulary.start_id(name)] = number
    change = step[ids]
    depth = np.cumsum(change, dtype=np.int64)
    opens = (change == 1) & (depth == 1)
    inside = (depth > 0) | ((change == -1) & (depth == 0))
    last = np.maximum.accumulate(np.where(opens, np.arange(len(ids)), 0)) if len(ids) else np.empty(0, np.int64)
    modality = np.where(inside, owner[ids[last]], 0)
    found = np.bincount(modality, minlength=len(names) + 1)
    return {name: int(count) for name, count in zip([TEXT, *names], found, strict=True)}
