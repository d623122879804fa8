"""Models that fill in masked tokens: pseudo-log-likelihoods, and variants by the tokens that differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.nucleic.published.tokens import PublishedTokens
from biomatrix.errors import BioMatrixError, LimitError, UnsupportedError
from biomatrix.evaluation.nucleic.causal import padded
from biomatrix.evaluation.nucleic.likelihood import LogLikelihood, SequenceModel

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor


class MaskedModel(SequenceModel):
    """A network that says what a masked token is, given all others.

    Parameters
    ----------
    name : str
    network : callable
        Takes ids ``int64 [B, T]`` and a mask ``bool [B, T]`` of those that are no padding, returns logits ``[B, T, V]``
        and states ``[B, T, d]``.
    tokenize : callable
        Takes a sequence, returns its tokens as the network reads them.
    mask, pad : int
        Ids of the mask and of padding.
    special : set of int
        Ids that the tokenizer puts round a sequence: never masked, and in no vector.
    longest : int
        The most tokens that the network reads.
    batch : int
        Rows read at once.
    """

    def __init__(
        self,
        name: str,
        network: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
        tokenize: Callable[[str], PublishedTokens],
        *,
        mask: int,
        pad: int,
        special: frozenset[int],
        longest: int,
        batch: int = 8,
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__(name)
        self._network, self._tokenize, self._batch, self._device = network, tokenize, batch, device
        self._mask, self._pad, self._special, self._longest = mask, pad, special, longest

    def log_likelihoods(self, sequences: Sequence[str]) -> list[LogLikelihood]:
        """Return the pseudo-log-likelihood of each sequence: each token masked in turn, which reads it once a token."""
        found = []
        for number, sequence in enumerate(sequences, 1):
            ids = self._ids(sequence, number)
            places = np.flatnonzero(~np.isin(ids, list(self._special)))
            scores = self._filled([(ids, np.array([place])) for place in places])
            total = sum(float(score[0, ids[place]]) for score, place in zip(scores, places, strict=True))
            found.append(LogLikelihood(total, len(places)))
        return found

    def embeddings(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Return the mean of the last states over the tokens of each sequence, special ones aside, ``float32 [n, d]``.

        Raises
        ------
        UnsupportedError
            A sequence has no token.
        """
        import torch

        rows = [self._ids(sequence, number) for number, sequence in enumerate(sequences, 1)]
        found: list[NDArray[np.float32]] = []
        with torch.inference_mode():
            for start in range(0, len(rows), self._batch):
                ids, mask = padded(rows[start : start + self._batch], self._pad, self._device)
                states = self._network(ids, mask)[1].float()
                for row, state in zip(rows[start : start + self._batch], states, strict=True):
                    kept = torch.from_numpy(~np.isin(row, list(self._special))).to(state.device)
                    if not bool(kept.any()):
                        raise UnsupportedError("an empty sequence has no vector", record=len(found) + 1)
                    found.append(state[: len(row)][kept].mean(dim=0).cpu().numpy())
        return np.stack(found) if found else np.zeros((0, 0), dtype=np.float32)

    def differences(self, references: Sequence[str], alternatives: Sequence[str]) -> list[float]:
        """Return, for each pair, log p of the alternative's tokens minus the reference's where the two differ.

        All tokens that differ are masked together in the reference, and their differences summed: one for a letter a
        token, one or more for six-mers and byte pairs, whose borders may move. The answer is in nats a *variant*.

        Raises
        ------
        UnsupportedError
            The two have different numbers of tokens, so that no place of one is that of the other.
        """
        found: list[float] = []
        asked: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        others: list[NDArray[np.int64]] = []
        for number, (reference, alternative) in enumerate(zip(references, alternatives, strict=True), 1):
            one, two = self._ids(reference, number), self._ids(alternative, number)
            if len(one) != len(two):
                raise UnsupportedError(
                    f"the variant has {len(two)} tokens and the reference {len(one)}: masked scoring compares token by "
                    "token; compare log_likelihoods instead",
                    record=number,
                )
            asked.append((one, np.flatnonzero(one != two)))
            others.append(two)
        for (one, places), two, scores in zip(asked, others, self._filled(asked), strict=True):
            row = np.arange(len(places))
            found.append(float((scores[row, two[places]] - scores[row, one[places]]).sum()))
        return found

    def _ids(self, sequence: str, number: int) -> NDArray[np.int64]:
        try:
            ids = self._tokenize(sequence).ids
        except BioMatrixError as error:
            raise error.at(record=number) from None
        if len(ids) > self._longest:
            raise LimitError(
                f"{len(ids):,} tokens, {self.name} reads {self._longest:,}; take a shorter window",
                limit="tokens",
                actual=len(ids),
                allowed=self._longest,
                record=number,
            )
        return ids

    def _filled(self, asked: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]) -> list[NDArray[np.float64]]:
        """Return, for each row of ids, log-probabilities ``float64 [places, V]`` at the places that are masked."""
        import torch

        found: list[NDArray[np.float64]] = []
        with torch.inference_mode():
            for start in range(0, len(asked), self._batch):
                part = asked[start : start + self._batch]
                ids, mask = padded([row for row, _ in part], self._pad, self._device)
                for row, (_, places) in enumerate(part):
                    ids[row, torch.from_numpy(places)] = self._mask
                logits = self._network(ids, mask)[0]
                for row, (_, places) in enumerate(part):
                    at = logits[row, torch.from_numpy(places).to(logits.device)].double()
                    found.append(at.log_softmax(dim=-1).cpu().numpy())
        return found
