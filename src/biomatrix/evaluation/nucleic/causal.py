"""Models that predict the next token: any network that returns logits, and the package's own decoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.evaluation.nucleic.likelihood import LogLikelihood, SequenceModel

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from biomatrix.generation.model import Model


class CausalModel(SequenceModel):
    """A network that predicts each token from those before it.

    Tokens are scored from the second on, or all of them where ``tokenize`` puts one first, as the scoring of Evo 1 does
    with its end of document. Sequences of unequal lengths may share a batch: what is predicted *of* padding is left out
    (the published scoring of Evo 2 counts one such prediction for each shorter sequence).

    Parameters
    ----------
    name : str
    network : callable
        Takes ids ``int64 [B, T]`` and a mask ``bool [B, T]`` of those that are no padding, returns logits
        ``float [B, T, V]``; a token must not see later ones.
    tokenize : callable
        Takes a sequence, returns its ids.
    pad : int
        The id of padding.
    batch : int
        Sequences read at once.
    """

    def __init__(
        self,
        name: str,
        network: Callable[[Tensor, Tensor], Tensor],
        tokenize: Callable[[str], Sequence[int] | NDArray[np.int64]],
        pad: int,
        batch: int = 8,
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__(name)
        self._network, self._tokenize, self._pad, self._batch, self._device = network, tokenize, pad, batch, device

    def log_likelihoods(self, sequences: Sequence[str]) -> list[LogLikelihood]:
        """Return the log-likelihoods of tokens 2 to L of each sequence."""
        import torch

        rows = [ids_of(self._tokenize, one, number) for number, one in enumerate(sequences, 1)]
        found: list[LogLikelihood] = []
        with torch.inference_mode():
            for start in range(0, len(rows), self._batch):
                ids, mask = padded(rows[start : start + self._batch], self._pad, self._device)
                found += next_token_likelihoods(self._network(ids, mask), ids, mask)
        return found


class DecoderModel(SequenceModel):
    """The package's own decoder, by how likely it finds a whole answer.

    Parameters
    ----------
    model : Model
    prompt : str
        What is asked before the sequence, which is then the answer: without it nothing predicts the first token.
    wrap : callable
        Makes of a sequence what the model writes: the text itself, or an entity such as ``NucleicAcid``.

    Raises
    ------
    ConfigurationError
        The prompt is blank.
    """

    def __init__(self, model: Model, prompt: str, wrap: Callable[[str], Any] = str) -> None:
        super().__init__("decoder")
        if not prompt.strip():
            raise ConfigurationError(
                "a decoder is asked for a sequence: give a prompt, such as 'Write a DNA sequence.'"
            )
        self._model, self._prompt, self._wrap = model, prompt, wrap

    def log_likelihoods(self, sequences: Sequence[str]) -> list[LogLikelihood]:
        """Return the log-likelihoods of all tokens of each sequence, its control tokens among them."""
        found = []
        for number, sequence in enumerate(sequences, 1):
            try:
                score = self._model.score(self._prompt, [self._wrap(sequence)])
            except BioMatrixError as error:
                raise error.at(record=number) from None
            found.append(LogLikelihood(score.logprob, len(score.token_ids)))
        return found


def next_token_likelihoods(logits: Tensor, ids: Tensor, mask: Tensor) -> list[LogLikelihood]:
    """Return the log-likelihood of each row's tokens after its first, padding left out.

    Parameters
    ----------
    logits : tensor, shape=(B, T, V)
    ids, mask : tensor, shape=(B, T), dtype=int64, bool
        Padding at the end.
    """
    chosen = logits[:, :-1].float().log_softmax(dim=-1).gather(-1, ids[:, 1:, None])[..., 0]
    counted = mask[:, 1:]
    totals = chosen.double().masked_fill(~counted, 0.0).sum(dim=1).tolist()
    return [LogLikelihood(total, int(count)) for total, count in zip(totals, counted.sum(dim=1).tolist(), strict=True)]


def padded(rows: Sequence[NDArray[np.int64]], pad: int, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
    """Return ids ``int64 [B, T]``, padded at the end, and the mask ``bool [B, T]`` of those that are no padding."""
    import torch

    width = max(map(len, rows), default=0)
    ids = torch.full((len(rows), width), pad, dtype=torch.int64)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = torch.from_numpy(row)
    lengths = torch.tensor([len(row) for row in rows], dtype=torch.int64)
    mask = torch.arange(width)[None] < lengths[:, None]
    return ids.to(device), mask.to(device)


def ids_of(
    tokenize: Callable[[str], Sequence[int] | NDArray[np.int64]], sequence: str, number: int
) -> NDArray[np.int64]:
    """Return the ids of the sequence of that number, ``int64 [T]``; an error names it."""
    try:
        return np.array(tokenize(sequence), dtype=np.int64)
    except BioMatrixError as error:
        raise error.at(record=number) from None
