"""The second way to place vectors: where a reserved token of the vocabulary stands, in order.

For networks that take embeddings and know nothing of ids below 0, such as a stock ``generate(inputs_embeds=...)``. With
the same vectors it gives the same logits.

Legend of shapes: R rows, T tokens, D hidden size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from biomatrix.errors import ConfigurationError, VocabularyError

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary


def reserved_id(vocabulary: Vocabulary, token: str) -> int:
    """Return the id of a token that can be reserved: one that no text spells, and that means nothing else.

    Raises
    ------
    VocabularyError
        There is no such token, text can spell it, or it belongs to a modality, ends answers or pads.
    """
    id_ = vocabulary.backend.token_to_id(token)
    added = vocabulary.backend.get_added_tokens_decoder()
    if id_ is None or id_ not in added:
        raise VocabularyError(f"{token!r} is no added token of this tokenizer, and only such a one can be reserved")
    taken = {*vocabulary.new_ids.tolist(), *vocabulary.ending_ids, vocabulary.pad_id}
    if id_ in taken:
        raise VocabularyError(f"{token!r} has a meaning already: of a modality, of the end of an answer, or of padding")
    return int(id_)


def with_reserved(ids: Sequence[int], reserved: int) -> tuple[list[int], list[int]]:
    """Return ids with a reserved one in place of each below 0, and those below 0 in order.

    Raises
    ------
    ConfigurationError
        The reserved id stands there already, so that there would be more places than vectors.
    """
    stray = next((place for place, id_ in enumerate(ids) if id_ == reserved), None)
    if stray is not None:
        raise ConfigurationError(f"the reserved id {reserved} stands there without a vector", position=stray)
    return [reserved if id_ < 0 else id_ for id_ in ids], [id_ for id_ in ids if id_ < 0]


def reserved_embeddings(network: Any, input_ids: Tensor, reserved: int, vectors: Sequence[Tensor]) -> Tensor:
    """Return what a network reads of rows in which a reserved id holds the places of vectors.

    Parameters
    ----------
    network : PreTrainedModel
        Its input embedding is read, and nothing else.
    input_ids : Tensor, shape=(R, T), dtype=int64
        Padded on either side, or packed.
    reserved : int
        The reserved id.
    vectors : sequence of Tensor, shape=(n, D) each
        Of each row in order, as many as the row has places.

    Returns
    -------
    Tensor, shape=(R, T, D)
        For ``network(inputs_embeds=...)``.

    Raises
    ------
    ConfigurationError
        A row has more or fewer places than vectors, or a vector is of another width.
    """
    is_place = input_ids == reserved
    if len(vectors) != len(input_ids):
        raise ConfigurationError(f"{len(input_ids)} rows and the vectors of {len(vectors)}")
    embedded: Tensor = network.get_input_embeddings()(input_ids)
    for row, (places, own) in enumerate(zip(is_place.sum(dim=1).tolist(), vectors, strict=True), start=1):
        if own.shape != (places, embedded.shape[-1]):
            raise ConfigurationError(
                f"{places} places of vectors of {embedded.shape[-1]} numbers, and vectors of the shape "
                f"{tuple(own.shape)}",
                record=row,
            )
    if not bool(is_place.any()):
        return embedded
    flat = torch.cat([own.to(embedded.device, embedded.dtype) for own in vectors])
    return embedded.masked_scatter(is_place[..., None], flat)
