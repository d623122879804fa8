"""The embedding of a stock network that reads ids below 0 as vectors: the one place where soft tokens enter it.

The vocabulary and the table of embeddings stay as they are; a tied output layer goes on using the same weight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Rows = Callable[[Tensor], Tensor]
"""Vectors ``[R, D]`` of the ids below 0, ``int64 [R]``, such as a :class:`biomatrix.soft.vector_rows.VectorRows`."""


class SplicedEmbedding(nn.Embedding):
    """An embedding that shares the table of another, and reads ids below 0 from rows of vectors.

    Parameters
    ----------
    table : nn.Embedding
        Whose weight is shared: the same parameter, under the same name in a state dict.
    rows : callable
        The vectors of ids below 0.
    trained : bool
        Whether ``rows``, then a module, is part of this one: its parameters are found by an optimiser and kept in a
        training checkpoint. Otherwise the state dict is that of the plain network.
    """

    def __init__(self, table: nn.Embedding, rows: Rows, trained: bool = False) -> None:
        super().__init__(1, 1, device="meta")
        self.num_embeddings, self.embedding_dim = table.num_embeddings, table.embedding_dim
        self.padding_idx = table.padding_idx
        self.weight = table.weight
        self.train(table.training)
        if trained:
            if not isinstance(rows, nn.Module):
                raise ConfigurationError("what is trained beside the embeddings is a module")
            self.rows: Rows = rows
        else:
            # A container keeps a module out of the children: a frozen projector is no part of the decoder.
            self.__dict__["rows"] = rows

    def forward(self, input: Tensor) -> Tensor:
        """Return the embeddings ``[..., D]`` of ids ``int64 [...]``; those below 0 are vectors.

        Raises
        ------
        ConfigurationError
            An id below 0 without a vector.
        """
        is_vector = input < 0
        if not bool(is_vector.any()):
            return super().forward(input)
        embedded = super().forward(input.clamp(min=0))
        vectors = self.rows(input[is_vector]).to(embedded.device, embedded.dtype)
        # The gradient of row 0, which stands in for a moment, is that of its own positions alone.
        return embedded.masked_scatter(is_vector.unsqueeze(-1), vectors)


def splice(model: PreTrainedModel, rows: Rows, trained: bool = False) -> SplicedEmbedding:
    """Let a network read ids below 0 as vectors, and return its new input embedding.

    A network that does so already gets the new rows in place of the old ones.
    """
    table: Any = model.get_input_embeddings()
    spliced = SplicedEmbedding(table, rows, trained)
    model.set_input_embeddings(spliced)
    return spliced


def unsplice(model: PreTrainedModel) -> None:
    """Give a network its plain embedding back, with the weight as it is now."""
    spliced: Any = model.get_input_embeddings()
    if isinstance(spliced, SplicedEmbedding):
        table = nn.Embedding(1, 1, padding_idx=None, device="meta")
        table.num_embeddings, table.embedding_dim = spliced.num_embeddings, spliced.embedding_dim
        table.padding_idx = spliced.padding_idx
        table.weight = spliced.weight
        table.train(spliced.training)
        model.set_input_embeddings(table)


@contextmanager
def spliced(model: PreTrainedModel, rows: Rows) -> Iterator[SplicedEmbedding]:
    """Let a network read ids below 0 as vectors for a while; its own embedding, the very object, is back afterwards."""
    before: Any = model.get_input_embeddings()
    try:
        yield splice(model, rows)
    finally:
        model.set_input_embeddings(before)


def vectors_of(projected: Tensor) -> Rows:
    """Return the rows of vectors that are projected already, ``[n, D]``: id ``-(r + 1)`` is row r."""

    def rows(ids_R: Tensor) -> Tensor:
        places = -1 - ids_R
        if bool((places >= len(projected)).any()):
            raise ConfigurationError(f"a position asks for vector {int(places.max())}, and there are {len(projected)}")
        return projected[places.to(projected.device)]

    return rows
