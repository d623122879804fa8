"""What a projector is trained for: three ways of bringing an entity to its text, behind one interface.

Legend of shapes: n pairs, B of a batch, W wordings, k vectors of an entity, D numbers of an embedding, L tokens.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from biomatrix.errors import ConfigurationError
from biomatrix.soft.alignment.losses import Contrast, ContrastSettings
from biomatrix.soft.projector import Projector

if TYPE_CHECKING:
    from numpy.typing import NDArray

_IGNORED: Final = -100


class Objective(nn.Module, ABC):
    """A loss of projected vectors of pairs.

    Attributes
    ----------
    name : str
    """

    name: str

    @abstractmethod
    def forward(
        self, projector: Projector, vectors: Tensor, pairs: Tensor, generator: torch.Generator
    ) -> Tensor | None:
        """Return the loss of a batch, a scalar; None where it is undefined, so that the batch is skipped.

        Parameters
        ----------
        projector : Projector
        vectors : Tensor, shape=(B, k, d), dtype=float32
            Of the encoder.
        pairs : Tensor, shape=(B,), dtype=int64
            Their numbers.
        generator : torch.Generator
            Of this step; draws the wording of each text.
        """

    def anchors(self, projector: Projector, vectors: Tensor) -> Tensor:
        """Return where entities lie among the texts, ``float32 [B, D]``: the mean of their projected vectors."""
        found: Tensor = projector(vectors).mean(dim=1)
        return found

    @abstractmethod
    def content(self) -> bytes:
        """Return what tells this objective from others besides its parameters: its texts, above all."""

    def after_step(self) -> None:  # most objectives have nothing to bound
        """Bring what is learned beside the projector back between its bounds."""

    @property
    def temperature(self) -> float | None:
        """The learned temperature; None where there is none."""
        return None


class ContrastiveEmbedding(Objective):
    """Projected vectors among vectors of texts: no pass through the decoder is needed.

    Parameters
    ----------
    texts : ndarray, shape=(t, D), dtype=float32
        Distinct texts in the decoder's space.
    wordings : ndarray, shape=(n, W), dtype=int64
        The rows of each pair's texts; -1 where it has fewer.
    keys : ndarray, shape=(n,), dtype=int64
    settings : ContrastSettings, optional
    """

    name = "contrastive, embedding space"

    def __init__(
        self,
        texts: NDArray[np.float32],
        wordings: NDArray[np.int64],
        keys: NDArray[np.int64],
        settings: ContrastSettings | None = None,
    ) -> None:
        super().__init__()
        self.contrast = Contrast(settings)
        self._texts, self._keys = torch.from_numpy(texts), torch.from_numpy(keys)
        self._wordings, self._counts = torch.from_numpy(wordings), torch.from_numpy((wordings >= 0).sum(axis=1))

    def forward(
        self, projector: Projector, vectors: Tensor, pairs: Tensor, generator: torch.Generator
    ) -> Tensor | None:
        """Return the InfoNCE loss of a batch; None where it holds one key only."""
        drawn = (torch.rand(len(pairs), generator=generator) * self._counts[pairs]).long()
        texts = self._texts[self._wordings[pairs, drawn]]
        loss: Tensor | None = self.contrast(self.anchors(projector, vectors), texts, self._keys[pairs])
        return loss

    def content(self) -> bytes:
        """Return the texts, which pair has which, and the settings."""
        return self._texts.numpy().tobytes() + self._wordings.numpy().tobytes() + repr(self.contrast.settings).encode()

    def after_step(self) -> None:
        """Bound the temperature."""
        self.contrast.bound()

    @property
    def temperature(self) -> float | None:
        """The learned temperature."""
        return self.contrast.temperature


class ContrastiveHidden(ContrastiveEmbedding):
    """The decoder's last hidden states at the positions of the vectors, among those over texts.

    Parameters
    ----------
    network : PreTrainedModel
        Frozen; a causal language model of Transformers, in evaluation mode.
    before : sequence of int
        Ids of the prompt's text before the vectors.
    texts, wordings, keys, settings
        As of :class:`ContrastiveEmbedding`, the texts as :class:`~biomatrix.soft.alignment.decoder_texts.HiddenStates`
        has them.
    centre : ndarray, shape=(D,), dtype=float32, optional
        The mean of hidden states that was taken off the texts, and is off the anchors.
    """

    name = "contrastive, hidden space"
    _network: Any

    def __init__(
        self,
        network: Any,
        before: Sequence[int],
        texts: NDArray[np.float32],
        wordings: NDArray[np.int64],
        keys: NDArray[np.int64],
        settings: ContrastSettings | None = None,
        centre: NDArray[np.float32] | None = None,
    ) -> None:
        super().__init__(texts, wordings, keys, settings)
        self.__dict__["_network"] = network  # no part of what is trained or kept
        self._before = torch.tensor(list(before), dtype=torch.long)
        self._centre = None if centre is None else torch.from_numpy(centre)

    def anchors(self, projector: Projector, vectors: Tensor) -> Tensor:
        """Return the mean of the last hidden states at the positions of the vectors, ``float32 [B, D]``."""
        projected = with_learned(projector, vectors)
        embedded = _after_text(self._network, self._before, projected)
        states = self._network.model(inputs_embeds=embedded, use_cache=False).last_hidden_state[:, len(self._before) :]
        mean: Tensor = states.float().mean(dim=1)
        return mean if self._centre is None else mean - self._centre


class Autoregressive(Objective):
    """The frozen decoder's loss on the description behind the vectors; only the projector is trained.

    Parameters
    ----------
    network : PreTrainedModel
        Frozen, in evaluation mode.
    before, between : sequence of int
        Ids of the text before the vectors, and between them and the description.
    descriptions : sequence of sequence of int
        The ids of each distinct text, its end included.
    wordings : ndarray, shape=(n, W), dtype=int64
        The rows of each pair's texts; -1 where it has fewer.
    """

    name = "autoregressive"
    _network: Any

    def __init__(
        self,
        network: Any,
        before: Sequence[int],
        between: Sequence[int],
        descriptions: Sequence[Sequence[int]],
        wordings: NDArray[np.int64],
    ) -> None:
        super().__init__()
        if not all(descriptions):
            raise ConfigurationError("an empty description has nothing to predict")
        self.__dict__["_network"] = network
        self._before = torch.tensor(list(before), dtype=torch.long)
        self._between, self._descriptions = list(between), descriptions
        self._wordings, self._counts = torch.from_numpy(wordings), torch.from_numpy((wordings >= 0).sum(axis=1))

    def forward(
        self, projector: Projector, vectors: Tensor, pairs: Tensor, generator: torch.Generator
    ) -> Tensor | None:
        """Return the mean loss of a token of the descriptions, in nats."""
        drawn = (torch.rand(len(pairs), generator=generator) * self._counts[pairs]).long()
        told = [self._descriptions[int(at)] for at in self._wordings[pairs, drawn]]
        longest = max(map(len, told)) + len(self._between)
        ids = torch.zeros((len(told), longest), dtype=torch.long)
        labels = torch.full((len(told), longest), _IGNORED)
        for row, own in enumerate(told):
            start, end = len(self._between), len(self._between) + len(own)
            ids[row, :end] = torch.tensor([*self._between, *own])
            labels[row, start:end] = torch.tensor(list(own))
        first = _after_text(self._network, self._before, with_learned(projector, vectors))
        embedded = torch.cat([first, self._network.get_input_embeddings()(ids)], dim=1)
        # Rows are padded behind their end, where a causal decoder's earlier states cannot see.
        states = self._network.model(inputs_embeds=embedded, use_cache=False).last_hidden_state
        wanted = torch.cat([torch.full((len(told), first.shape[1]), _IGNORED), labels], dim=1)[:, 1:]
        kept = wanted != _IGNORED
        return cross_entropy(self._network.lm_head(states[:, :-1][kept]).float(), wanted[kept])

    def content(self) -> bytes:
        """Return the ids of all texts, and which pair has which."""
        return (
            repr([self._before.tolist(), self._between, self._descriptions]).encode() + self._wordings.numpy().tobytes()
        )


def with_learned(projector: Projector, vectors: Tensor) -> Tensor:
    """Return the vectors of entities as a prompt holds them, the learned ones behind, ``float32 [B, k + m, D]``."""
    projected: Tensor = projector(vectors)
    learned = projector.learned_vectors()
    if not len(learned):
        return projected
    return torch.cat([projected, learned.expand(len(projected), -1, -1)], dim=1)


def _after_text(network: Any, before: Tensor, vectors: Tensor) -> Tensor:
    text = network.get_input_embeddings()(before).expand(len(vectors), -1, -1)
    return torch.cat([text, vectors.to(text.dtype)], dim=1)
