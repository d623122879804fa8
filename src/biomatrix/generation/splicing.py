"""Embeddings of prompts in which vectors stand at ids below 0.

Legend of shapes: R rows, T tokens, D hidden size.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from biomatrix.errors import ConfigurationError
from biomatrix.generation.vectors import VECTORS


def spliced(ids: Tensor, embed: Callable[[Tensor], Tensor]) -> Tensor | None:
    """Return embeddings in which vectors stand at ids below 0; None where there is no such id.

    Parameters
    ----------
    ids : Tensor, shape=(R, T), dtype=int64
    embed : callable
        The embeddings, ``[R, T, D]``, of ids of the vocabulary.

    Raises
    ------
    ConfigurationError
        An id has no vector, or its vector is of another width.
    """
    is_vector = ids < 0
    if not bool(is_vector.any()):
        return None
    wanted: list[int] = ids[is_vector].tolist()
    held = VECTORS.held(wanted)
    embedded = embed(ids.clamp(min=0))
    width = embedded.shape[-1]
    other = next((vector for vector in held.values() if vector.values.shape != (width,)), None)
    if other is not None:
        raise ConfigurationError(f"a vector has {len(other.values)} numbers, and an embedding of this model {width}")
    rows = torch.from_numpy(np.stack([held[id_].values for id_ in wanted]))
    return embedded.masked_scatter(is_vector[..., None], rows.to(embedded.device, embedded.dtype))
