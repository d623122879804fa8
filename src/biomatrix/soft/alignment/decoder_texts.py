"""Texts as a frozen decoder has them: the mean of their input embeddings, or of its last hidden states.

Legend of shapes: L tokens of a text, D numbers of an embedding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from biomatrix.generation.heads import LastPosition
from biomatrix.generation.model_hash import model_hash
from biomatrix.soft.alignment.text_side import TextSide

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.vocabulary.vocabulary import Vocabulary

CODE_VERSION: Final = 1
_BATCH: Final = 16


class _OfDecoder(TextSide):
    """What both sides of a decoder share.

    Parameters
    ----------
    network
        A causal language model of Transformers, or the plain decoder; not trained.
    vocabulary : Vocabulary
    most_tokens : int
        Longer texts are cut at the end.
    """

    what: str

    def __init__(self, network: Any, vocabulary: Vocabulary, most_tokens: int = 512) -> None:
        self._network, self._vocabulary, self._most = network, vocabulary, most_tokens
        self._positions = LastPosition(network)
        self.name = f"{self.what},most_tokens={most_tokens}"
        self.width = int(self._positions.input_rows.shape[1])

    @property
    def table(self) -> torch.Tensor:
        """The decoder's input embeddings, ``[V, D]``."""
        return self._positions.input_rows

    @cached_property
    def hash(self) -> str:
        """A SHA-256 of the decoder's weights and the settings."""
        return hashlib.sha256(
            f"{self.name} {CODE_VERSION} {model_hash(self._network.named_parameters())}".encode()
        ).hexdigest()

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        whole = [self._vocabulary.encode_text(text) for text in texts]
        self.tell_cut(sum(len(ids) > self._most for ids in whole), texts)
        return [ids[: self._most] for ids in whole]


class MeanEmbedding(_OfDecoder):
    """The mean of the input embeddings of a text's tokens: no pass through the decoder is needed."""

    what = "mean_embedding"

    def vectors_of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the means, ``float32 [n, D]``."""
        rows = self._positions.input_rows.detach()
        means = [rows[torch.tensor(ids, device=rows.device)].float().mean(dim=0).cpu() for ids in self._ids(texts)]
        found: NDArray[np.float32] = torch.stack(means).numpy()
        return found


class HiddenStates(_OfDecoder):
    """The mean of the decoder's last hidden states over a text's tokens."""

    what = "hidden_states"

    def vectors_of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the means, ``float32 [n, D]``; what is padded behind a text changes nothing."""
        ids = self._ids(texts)
        order = sorted(range(len(ids)), key=lambda at: len(ids[at]))
        found = np.empty((len(texts), self.width), dtype=np.float32)
        device = self._positions.input_rows.device
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            lengths = torch.tensor([len(ids[at]) for at in chosen])
            rows = torch.zeros((len(chosen), int(lengths.max())), dtype=torch.long)
            for row, at in enumerate(chosen):
                rows[row, : len(ids[at])] = torch.tensor(ids[at])
            mask = (torch.arange(rows.shape[1])[None] < lengths[:, None]).to(device)
            with torch.inference_mode():
                states = self._positions.hidden_states(rows.to(device)).float() * mask[..., None]
                found[chosen] = (states.sum(dim=1) / mask.sum(dim=1, keepdim=True)).cpu().numpy()
        return found
