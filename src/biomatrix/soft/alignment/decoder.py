"""The decoder to which entities are brought: frozen, its layers opened only where they are needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from biomatrix.generation.loading import model_folder, open_engine
from biomatrix.generation.model_hash import model_hash
from biomatrix.soft.alignment.decoder_texts import HiddenStates, MeanEmbedding
from biomatrix.training.network import open_network
from biomatrix.vocabulary.initialisation import typical_norm

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True)
class Decoder:
    """A decoder and its vocabulary, on the CPU in single precision.

    Parameters
    ----------
    name : str
        A shipped name or a folder.
    """

    name: str

    @cached_property
    def _engine(self) -> Any:
        return open_engine(self.name, device="cpu", dtype="float32")

    @property
    def vocabulary(self) -> Vocabulary:
        """Its vocabulary."""
        found: Vocabulary = self._engine.vocabulary
        return found

    @cached_property
    def hash(self) -> str:
        """Its :func:`~biomatrix.generation.model_hash.model_hash`."""
        return model_hash(self._engine.writer.network.named_parameters())

    @cached_property
    def embeddings(self) -> MeanEmbedding:
        """Texts as the mean of its input embeddings."""
        return MeanEmbedding(self._engine.writer.network, self.vocabulary)

    @cached_property
    def states(self) -> HiddenStates:
        """Texts as the mean of its last hidden states."""
        return HiddenStates(self._engine.writer.network, self.vocabulary)

    @cached_property
    def length(self) -> float:
        """The median norm of its embeddings of words."""
        return typical_norm(self.embeddings.table, self.vocabulary)

    @cached_property
    def network(self) -> Any:
        """The network of Transformers, through which gradients go to what is put in; frozen."""
        network = open_network(model_folder(self.name), torch.float32)
        return network.requires_grad_(False).eval()
