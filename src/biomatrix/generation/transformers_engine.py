"""The engine over a network in this process."""

from __future__ import annotations

from typing import Any, ClassVar

from biomatrix.errors import WeightsError
from biomatrix.generation.answering import AnsweringEngine
from biomatrix.generation.decoding import MAX_ROWS
from biomatrix.generation.heads import LastPosition, Network
from biomatrix.generation.model_hash import model_hash
from biomatrix.generation.network_writer import NetworkWriter
from biomatrix.generation.qwen3.network import Qwen3
from biomatrix.vocabulary.vocabulary import Vocabulary


class TransformersEngine(AnsweringEngine):
    """A causal language model of Transformers, and the decoding loop over it.

    A plain decoder answers in its place until someone asks for :attr:`network`; the answers are the same.

    Parameters
    ----------
    network : PreTrainedModel or Qwen3
        From stock ``AutoModelForCausalLM``, or the plain decoder.
    vocabulary : Vocabulary
        Its ids are the rows of the network's embedding.
    name : str
        For messages.

    Raises
    ------
    WeightsError
        The network has fewer embedding rows than the vocabulary has ids.
    """

    max_rows: ClassVar[int] = MAX_ROWS

    def __init__(self, network: Network, vocabulary: Vocabulary, name: str = "") -> None:
        ready: Network = network if isinstance(network, Qwen3) else network.eval()  # type: ignore[no-untyped-call]
        self._network_writer = NetworkWriter(ready, vocabulary)
        super().__init__(self._network_writer, vocabulary, int(ready.config.max_position_embeddings))
        rows = self.num_embeddings
        if rows < len(vocabulary):
            raise WeightsError(
                f"{rows:,} embedding rows are too few for a vocabulary of {len(vocabulary):,}; "
                "the weights and the tokenizer belong to different models",
                file=name or None,
            )

    @property
    def network(self) -> Any:
        """The Transformers network; it answers from now on, so that what is done to it counts."""
        self._network_writer.use_stock()
        return self._network

    @property
    def model_hash(self) -> str:
        """What tells these weights from others, as they are now; see :mod:`biomatrix.generation.model_hash`."""
        return model_hash(self._network.named_parameters())

    @property
    def writer(self) -> NetworkWriter:
        """What writes its jobs; for one thread at a time."""
        return self._network_writer

    @property
    def num_parameters(self) -> int:
        """Parameters of the network, tied ones counted once."""
        return sum(int(parameter.numel()) for parameter in self._network.parameters())

    @property
    def num_embeddings(self) -> int:
        """Rows of the embedding, padding rows included."""
        return len(LastPosition(self._network).input_rows)

    @property
    def _network(self) -> Any:
        """What answers now: the plain decoder, or the Transformers network."""
        return self._network_writer.network
