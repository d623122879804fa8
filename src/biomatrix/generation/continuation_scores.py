"""How likely a network finds one continuation of many variants of a prompt, as a differentiable function of embeddings.

Legend of shapes: R rows, T tokens of the prompt, C tokens of the continuation, D hidden size, V embedding rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor

from biomatrix.generation.splicing import spliced
from biomatrix.processors import threads_for

if TYPE_CHECKING:
    from biomatrix.progress import Progress
    from biomatrix.vocabulary.vocabulary import Vocabulary

ROWS: Final = 16
"""Rows read together when nothing else is asked for; changes speed and memory only."""


class ContinuationScores:
    """Log-likelihoods of one continuation.

    Parameters
    ----------
    network : PreTrainedModel
        The Transformers network, in evaluation mode.
    vocabulary : Vocabulary
        Embedding rows without a token take no probability.
    continuation : sequence of int, length C
        Its ids.
    """

    def __init__(self, network: Any, vocabulary: Vocabulary, continuation: Sequence[int]) -> None:
        self._network = network
        self._labels = torch.tensor(list(continuation), device=network.device)
        self.embedding: Tensor = network.get_input_embeddings().weight.detach()
        """The weights of the embedding, ``[V, D]``."""
        self._is_token = torch.from_numpy(vocabulary.mask(len(self.embedding))).to(network.device)
        self._parameters = sum(parameter.numel() for parameter in network.parameters())

    def embeddings(self, ids: Sequence[int]) -> Tensor:
        """Return the embeddings of ids, ``[T, D]``."""
        given = torch.tensor(list(ids), device=self.embedding.device)
        embedded = spliced(given, self.embedding.__getitem__)
        return self.embedding[given] if embedded is None else embedded

    def of_embeddings(self, prompts_RTD: Tensor) -> Tensor:
        """Return the log-likelihood after each prompt in nats, ``float32 [R]``; gradients flow to the prompts."""
        rows = len(prompts_RTD)
        after = self.embedding[self._labels].expand(rows, -1, -1)
        whole = torch.cat([prompts_RTD, after], dim=1)
        on_cpu = whole.device.type == "cpu"
        with threads_for(2.0 * self._parameters * whole.shape[0] * whole.shape[1] if on_cpu else 0.0):
            output = self._network(inputs_embeds=whole, use_cache=False, logits_to_keep=len(self._labels) + 1)
            logits = output.logits[:, :-1].float().masked_fill(~self._is_token, -torch.inf)
            logprobs = torch.log_softmax(logits, dim=-1)
        return logprobs.gather(2, self._labels.expand(rows, -1)[..., None])[..., 0].sum(dim=1)

    def of_prompts(self, prompts: Sequence[Tensor], rows: int = ROWS, progress: Progress | None = None) -> list[float]:
        """Return the log-likelihood after each prompt ``[T, D]`` in nats; prompts of one length are read together."""
        scores = [0.0] * len(prompts)
        by_length: dict[int, list[int]] = {}
        for place, prompt in enumerate(prompts):
            by_length.setdefault(len(prompt), []).append(place)
        with torch.inference_mode():
            for places in by_length.values():
                for start in range(0, len(places), rows):
                    batch = places[start : start + rows]
                    found = self.of_embeddings(torch.stack([prompts[place] for place in batch])).tolist()
                    for place, score in zip(batch, found, strict=True):
                        scores[place] = score
                    if progress is not None:
                        progress.advance(len(batch))
        return scores
