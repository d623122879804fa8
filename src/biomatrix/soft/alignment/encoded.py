"""Pairs as vectors: of their entities by a frozen encoder, kept on disk where a folder is given, and of their texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from biomatrix.entities.encoder import Encoder
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError
from biomatrix.progress import Progress
from biomatrix.soft.alignment.fitting import TextTable
from biomatrix.soft.alignment.judging import Side
from biomatrix.soft.alignment.pairs import PairSet
from biomatrix.soft.alignment.text_space import TextSpace
from biomatrix.soft.alignment.texts import without_refused
from biomatrix.soft.vectors import VectorStore

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_AT_ONCE = 256


def encoded_pairs(
    pairs: PairSet, encoder: Encoder, cache: Path | None = None
) -> tuple[PairSet, NDArray[np.float32], list[Reject]]:
    """Return the pairs whose entity has vectors, their vectors ``float32 [n, k, d]``, and the others with the reason.

    Parameters
    ----------
    pairs : PairSet
    encoder : Encoder
    cache : Path, optional
        A folder in which vectors are kept; what it holds is not encoded again.

    Raises
    ------
    BioMatrixError
        No entity has vectors; the reason of the first.
    """
    refused: dict[int, BioMatrixError] = {}
    entities = pairs.entities
    if cache is not None:
        store = VectorStore(cache, encoder)
        refused = dict(store.add(entities).refused)
    else:
        progress = Progress("encode", len(entities), "entities")
        found = []
        for start in range(0, len(entities), _AT_ONCE):
            found += encoder.encode_each(entities[start : start + _AT_ONCE])
            progress.advance(len(found) - start)
        refused = {at: one for at, one in enumerate(found) if isinstance(one, BioMatrixError)}
    if len(refused) == len(pairs):
        raise refused[min(refused)]
    kept = without_refused(pairs, refused)
    rejects = [Reject.from_error(error, pairs.origin, at + 1) for at, error in sorted(refused.items())]
    if cache is not None:
        return kept, store.rows([encoder.key(entity) for entity in kept.entities]), rejects
    return kept, encoder_rows(encoder, found), rejects


def encoder_rows(encoder: Encoder, found: list[NDArray[np.float32] | BioMatrixError]) -> NDArray[np.float32]:
    """Return the vectors of those that have them, checked, ``float32 [n, k, d]``."""
    import numpy as np

    from biomatrix.entities.encoder import checked_vectors

    return np.stack(
        [checked_vectors(one, encoder.k, encoder.d) for one in found if not isinstance(one, BioMatrixError)]
    )


def side_of(pairs: PairSet, vectors: NDArray[np.float32], space: TextSpace) -> Side:
    """Return encoded pairs with their texts in a space."""
    return Side(vectors, pairs.keys, TextTable.of(pairs, space))
