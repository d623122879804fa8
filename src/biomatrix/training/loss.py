"""Next-token loss with a weight per token, over vocabularies of any size.

Legend of shapes: B rows, T tokens of a row, N kept positions, D hidden size, V vocabulary rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from biomatrix.training.document_attention import VARLEN

if TYPE_CHECKING:
    from transformers import PreTrainedModel

CHUNK_ROWS = 256
"""Positions whose logits are computed together where nobody says how many the memory allows."""
LARGE_VOCABULARY = 16_384
"""From this many rows on, logits are computed in chunks: 168k rows would take 4 GB for 8,192 tokens."""


class NextTokenLoss(nn.Module):
    """A decoder with its loss inside, so that wrappers that shard parameters see one forward call.

    Parameters
    ----------
    model : PreTrainedModel
        A causal language model with ``model`` (the decoder) and ``lm_head``.
    chunk_rows : int
        Positions whose logits are computed together where the vocabulary is large; see
        :func:`biomatrix.training.loss_memory.loss_rows`.
    """

    def __init__(self, model: PreTrainedModel, chunk_rows: int = CHUNK_ROWS) -> None:
        super().__init__()
        self.model, self.chunk_rows = model, chunk_rows
        self._losses, self._fixed = _plain_losses, False

    def compile_losses(self, fixed: bool = False) -> None:
        """Compile the loss of what is computed at once, which fuses the softmax with the cast to float32.

        Parameters
        ----------
        fixed : bool
            For batches of one shape: labels that do not count are computed too, so that every batch has as many.
        """
        self._losses, self._fixed = torch.compile(_plain_losses, dynamic=not fixed), fixed

    def forward(
        self,
        input_ids: Tensor,
        labels: Tensor,
        weights: Tensor,
        position_ids: Tensor | None = None,
        per_token: bool = False,
        borders: Tensor | None = None,
        longest: int | None = None,
    ) -> Tensor:
        """Return the weighted sum of the loss in nats, float32.

        Parameters
        ----------
        input_ids, labels : Tensor, shape=(B, T), dtype=int64
            Tokens, and the tokens that follow them.
        weights : Tensor, shape=(B, T), dtype=float32
            The weight of each label.
        position_ids : Tensor, shape=(B, T), dtype=int64, optional
            For packed rows only: positions that start again at 0 keep documents apart. Neither a 2D mask nor a cache
            may come with them, or attention silently leaks between documents.
        per_token : bool
            Return the unweighted loss of every token instead, ``float32 [B, T]``.
        borders : Tensor, shape=(S + 1,), dtype=int32, optional
        longest : int, optional
            Where documents begin, for attention that takes them in place of a mask; see
            :func:`biomatrix.training.document_attention.document_borders`.

        Returns
        -------
        Tensor
            A scalar, or ``[B, T]``.
        """
        decoder: Any = self.model.model
        within = {}
        if self.model.config._attn_implementation == VARLEN:
            within = {"cu_seq_lens_q": borders, "max_length_q": longest}
        x_BTD = decoder(
            input_ids=input_ids, position_ids=position_ids, attention_mask=None, use_cache=False, **within
        ).last_hidden_state
        head: Any = self.model.lm_head
        if per_token:
            return token_losses(x_BTD.flatten(0, 1), head.weight, labels.flatten(), self.chunk_rows).view_as(labels)
        if head.weight.shape[0] < LARGE_VOCABULARY or (self._fixed and labels.numel() <= self.chunk_rows):
            losses_N = self._losses(x_BTD.flatten(0, 1), head.weight, labels.flatten())
            return (losses_N * weights.flatten()).sum()
        kept = weights.flatten() > 0
        x_ND, labels_N = x_BTD.flatten(0, 1)[kept], labels.flatten()[kept]
        if len(x_ND) <= self.chunk_rows:
            losses_N = self._losses(x_ND, head.weight, labels_N)
        else:
            losses_N = token_losses(x_ND, head.weight, labels_N, self.chunk_rows)
        return (losses_N * weights.flatten()[kept]).sum()


def token_losses(x_ND: Tensor, weight_VD: Tensor, labels_N: Tensor, chunk_rows: int = CHUNK_ROWS) -> Tensor:
    """Return the cross-entropy of each position, ``float32 [N]`` nats; large vocabularies are taken in chunks."""
    if weight_VD.shape[0] < LARGE_VOCABULARY or len(x_ND) <= chunk_rows:
        return _plain_losses(x_ND, weight_VD, labels_N)
    chunks = zip(torch.split(x_ND, chunk_rows), torch.split(labels_N, chunk_rows), strict=True)
    losses = [checkpoint(_plain_losses, x, weight_VD, labels, use_reentrant=False) for x, labels in chunks]
    return torch.cat([loss for loss in losses if loss is not None])


def _plain_losses(x_ND: Tensor, weight_VD: Tensor, labels_N: Tensor) -> Tensor:
    return F.cross_entropy(F.linear(x_ND, weight_VD).float(), labels_N, reduction="none")
