"""Next-token loss with a weight per token, over vocabularies of any size.

Legend of shapes: B rows, T tokens of a row, N kept positions, D hidden size, V vocabulary rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from biomatrix.training.document_attention import VARLEN

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Losses = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Hidden states ``[N, D]``, the output table ``[V, D]`` and labels ``[N]`` to losses ``[N]`` or ``[N, 2]``."""
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
    z_weight : float
        Weight of the z-loss (Chowdhery et al., 2022): the squared logarithm of the softmax's denominator, which keeps
        logits from drifting. It is part of what is learned, never of what is measured.
    whole_rows : int, optional
        Positions up to which a compiled loss takes all at once, since it holds less of each; ``chunk_rows`` if not
        given.

    Attributes
    ----------
    z_sum : Tensor
        The z-loss in the last training sum, float32 scalar without gradient; 0 where it has no weight.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        chunk_rows: int = CHUNK_ROWS,
        z_weight: float = 0.0,
        whole_rows: int | None = None,
    ) -> None:
        super().__init__()
        self.model, self.chunk_rows, self.z_weight = model, chunk_rows, z_weight
        self.whole_rows = chunk_rows
        self._compiled_rows = max(chunk_rows, whole_rows or 0)
        self.z_sum = torch.zeros(())
        self._chunk_losses: Losses = losses_with_z if z_weight else _plain_losses
        self._losses: Losses = self._chunk_losses
        self._fixed = False

    def compile_losses(self, fixed: bool = False) -> None:
        """Compile the loss of what is computed at once, which fuses the softmax with the cast to float32.

        Parameters
        ----------
        fixed : bool
            For batches of one shape: labels that do not count are computed too, so that every batch has as many.
        """
        self._losses = torch.compile(self._chunk_losses, dynamic=not fixed)
        self.whole_rows = self._compiled_rows
        self._fixed = fixed

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
            Return the unweighted loss of every label that has a weight instead, ``float32 [B, T]``; 0 of the others,
            which take no pass through the output table.
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
            counted = weights > 0
            found = torch.zeros(labels.shape, dtype=torch.float32, device=labels.device)
            return found.masked_scatter(
                counted, token_losses(x_BTD[counted], head.weight, labels[counted], self.chunk_rows)
            )
        if head.weight.shape[0] < LARGE_VOCABULARY or (self._fixed and labels.numel() <= self.whole_rows):
            losses_N = self._losses(x_BTD.flatten(0, 1), head.weight, labels.flatten())
            return self._sum(losses_N, weights.flatten())
        kept = weights.flatten() > 0
        x_ND, labels_N = x_BTD.flatten(0, 1)[kept], labels.flatten()[kept]
        if len(x_ND) <= self.whole_rows:
            losses_N = self._losses(x_ND, head.weight, labels_N)
        else:
            losses_N = token_losses(x_ND, head.weight, labels_N, self.chunk_rows, self._chunk_losses)
        return self._sum(losses_N, weights.flatten()[kept])

    def _sum(self, losses_N: Tensor, weights_N: Tensor) -> Tensor:
        """Return the weighted sum, with the z-loss where there are two losses a position."""
        if not self.z_weight:
            return (losses_N * weights_N).sum()
        sums_2 = (losses_N * weights_N[:, None]).sum(0)
        z = self.z_weight * sums_2[1]
        self.z_sum = z.detach()
        return sums_2[0] + z


def token_losses(
    x_ND: Tensor,
    weight_VD: Tensor,
    labels_N: Tensor,
    chunk_rows: int = CHUNK_ROWS,
    losses: Losses | None = None,
) -> Tensor:
    """Return the cross-entropy of each position, ``float32 [N]`` nats; large vocabularies are taken in chunks.

    Parameters
    ----------
    x_ND : Tensor, shape=(N, D)
        The last hidden states.
    weight_VD : Tensor, shape=(V, D)
        The output table.
    labels_N : Tensor, shape=(N,), dtype=int64
    chunk_rows : int
        Positions of a chunk.
    losses : callable, optional
        What gives the losses of some positions, such as :func:`losses_with_z`; cross-entropy alone if not given.
    """
    losses = losses or _plain_losses
    if weight_VD.shape[0] < LARGE_VOCABULARY or len(x_ND) <= chunk_rows:
        return losses(x_ND, weight_VD, labels_N)
    chunks = zip(torch.split(x_ND, chunk_rows), torch.split(labels_N, chunk_rows), strict=True)
    parts = [checkpoint(losses, x, weight_VD, labels, use_reentrant=False) for x, labels in chunks]
    return torch.cat([part for part in parts if part is not None])


def losses_with_z(x_ND: Tensor, weight_VD: Tensor, labels_N: Tensor) -> Tensor:
    """Return the cross-entropy and the squared logarithm of the softmax's denominator, ``float32 [N, 2]``."""
    logits_NV = F.linear(x_ND, weight_VD).float()
    denominator_N = torch.logsumexp(logits_NV, dim=-1)
    label_N = logits_NV.gather(-1, labels_N[:, None])[:, 0]
    return torch.stack([denominator_N - label_N, denominator_N.square()], dim=-1)


def _plain_losses(x_ND: Tensor, weight_VD: Tensor, labels_N: Tensor) -> Tensor:
    return F.cross_entropy(F.linear(x_ND, weight_VD).float(), labels_N, reduction="none")
