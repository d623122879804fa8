"""Pairs as vectors: of their entities by a frozen encoder, kept on disk where a folder is given, and of their texts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.encoder import Encoder, checked_vectors
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.progress import Progress
from biomatrix.soft.alignment.fitting import TextTable
from biomatrix.soft.alignment.judging import Side
from biomatrix.soft.alignment.pairs import Pair, PairSet
from biomatrix.soft.alignment.text_side import TextSide
from biomatrix.soft.alignment.text_space import TextSpace
from biomatrix.soft.alignment.texts import without_refused
from biomatrix.soft.vectors import VectorStore

if TYPE_CHECKING:
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
            found += [_checked(encoder, one) for one in encoder.encode_each(entities[start : start + _AT_ONCE])]
            progress.advance(len(found) - start)
        refused = {at: one for at, one in enumerate(found) if isinstance(one, BioMatrixError)}
    if len(refused) == len(pairs):
        raise refused[min(refused)]
    kept = without_refused(pairs, refused)
    rejects = [Reject.from_error(error, pairs.origin, at + 1) for at, error in sorted(refused.items())]
    if cache is not None:
        return kept, store.rows([encoder.key(entity) for entity in kept.entities]), rejects
    return kept, np.stack([one for one in found if not isinstance(one, BioMatrixError)]), rejects


def _checked(encoder: Encoder, found: NDArray[np.float32] | BioMatrixError) -> NDArray[np.float32] | BioMatrixError:
    """Return the vectors of an entity, or why they are none: it is refused, as a store of vectors refuses it."""
    try:
        return found if isinstance(found, BioMatrixError) else checked_vectors(found, encoder.k, encoder.d)
    except BioMatrixError as error:
        return error


def with_known_texts(
    pairs: PairSet, vectors: NDArray[np.float32], side: TextSide
) -> tuple[PairSet, NDArray[np.float32], list[Reject]]:
    """Return the pairs whose first text the fitted side of texts knows, with their vectors, and the others as rejects.

    Further wordings that it does not know are left out of their pair.

    Raises
    ------
    ConfigurationError
        It knows no text.
    """
    kept: list[Pair] = []
    places: list[int] = []
    rejects: list[Reject] = []
    for at, pair in enumerate(pairs.pairs):
        if side.knows(pair.texts[0]):
            places.append(at)
            kept.append(replace(pair, texts=tuple(filter(side.knows, pair.texts))))
            continue
        error = ConfigurationError(f"{side.name} knows nothing in {pair.texts[0][:40]!r}: it has no vector")
        rejects.append(Reject.from_error(error, pairs.origin, at + 1))
    if not kept:
        raise ConfigurationError(f"{side.name} knows nothing in any of the {len(pairs):,} texts of {pairs.origin}")
    return PairSet(tuple(kept), pairs.origin), vectors[places], rejects


def side_of(pairs: PairSet, vectors: NDArray[np.float32], space: TextSpace) -> Side:
    """Return encoded pairs with their texts in a space."""
    return Side(vectors, pairs.keys, TextTable.of(pairs, space))
