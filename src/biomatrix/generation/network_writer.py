"""The writer over a network in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final

import numpy as np
import torch
from numpy.typing import NDArray

from biomatrix.generation.beam import beam_search
from biomatrix.generation.decoding import decode_jobs, stream_jobs
from biomatrix.generation.heads import LastPosition, Network
from biomatrix.generation.jobs import Job, Token, Written
from biomatrix.generation.qwen3.network import Qwen3
from biomatrix.vocabulary.vocabulary import Vocabulary

_SCORE_ROWS: Final = 256
"""Positions whose logits are in memory at once."""


class NetworkWriter:
    """Writes jobs with a causal language model of Transformers, or with the plain decoder in its place.

    Parameters
    ----------
    network : PreTrainedModel or Qwen3
        In evaluation mode; may be exchanged for one that answers the same.
    vocabulary : Vocabulary
        Its ids are the rows of the network's embedding.
    """

    reads_vectors: ClassVar[bool] = True

    def __init__(self, network: Network, vocabulary: Vocabulary) -> None:
        self.network: Any = network
        self._vocabulary = vocabulary

    def use_stock(self) -> None:
        """Let the Transformers network answer, where the plain decoder does so far."""
        if isinstance(self.network, Qwen3):
            self.network = self.network.stock()

    def write(self, jobs: Sequence[Job], max_rows: int) -> list[Written]:
        """Return what each job wrote, in order."""
        return decode_jobs(self.network, jobs, max_rows)

    def stream(self, jobs: Sequence[Job]) -> Iterator[Token]:
        """Yield every id of every job as it is chosen."""
        return stream_jobs(self.network, jobs)

    def write_beams(self, job: Job, beams: int, count: int, max_rows: int) -> list[Written]:
        """Return the ``count`` likeliest answers that a search with so many beams finds, the likeliest first."""
        return beam_search(self.network, job, beams, count, max_rows=max_rows)

    def token_logprobs(self, prompt: Sequence[int], continuation: Sequence[int]) -> list[float]:
        """Return the log-probability in nats of each id of a continuation, among the rows that are tokens."""
        positions = LastPosition(self.network)
        device = self.network.device
        ids = torch.tensor([[*prompt, *continuation]], device=device)
        mask = torch.from_numpy(self._vocabulary.mask(len(positions.input_rows))).to(device)
        with torch.inference_mode():
            hidden = positions.hidden_states(ids[:, :-1])[0, len(prompt) - 1 :]
            labels = ids[0, len(prompt) :]
            parts = zip(torch.split(hidden, _SCORE_ROWS), torch.split(labels, _SCORE_ROWS), strict=True)
            logprobs = [_token_logprobs(positions.all_logits(part), mask, targets) for part, targets in parts]
        tokens: list[float] = torch.cat(logprobs).cpu().tolist()
        return tokens

    def hidden_states(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Return the last hidden state, after the final norm, at each of some ids: ``float32 [T, D]``."""
        with torch.inference_mode():
            states = LastPosition(self.network).hidden_states(torch.tensor([list(ids)], device=self.network.device))
        found: NDArray[np.float32] = states[0].float().cpu().numpy()
        return found


def _token_logprobs(logits: torch.Tensor, mask: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the log-probability of each label among the rows that are tokens, ``float64 [n]``."""
    logprobs = torch.log_softmax(logits.double().masked_fill(~mask, -torch.inf), dim=-1)
    return logprobs.gather(1, labels[:, None])[:, 0]
