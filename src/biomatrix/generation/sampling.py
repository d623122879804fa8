"""Choosing ids from logits: greedy or nucleus, each row with its own random stream.

Legend of shapes: R rows, N candidate ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.errors import ConfigurationError
from biomatrix.generation.checked import checked_flag, checked_number, checked_whole

_GREEDY_BELOW: Final = 1e-100
"""Logits divided by a smaller temperature might pass the largest number; the likeliest id is all that it could give."""
_SEEDS: Final = 1 << 63


@dataclass(frozen=True)
class Sampling:
    """How ids are chosen.

    Parameters
    ----------
    temperature : float
        Divides the logits; 0, or less than 1e-100, is greedy.
    top_p : float
        The nucleus: the fewest ids whose probabilities sum to at least this. 1 keeps all.
    greedy : bool
        Take the likeliest id; of equals, the smallest.
    seed : int
        The same seed and prompt give the same answers. A whole number of 64 bits.

    Raises
    ------
    ConfigurationError
        A setting is out of range or no number of its type.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    greedy: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "temperature", checked_number(self.temperature, "temperature"))
        object.__setattr__(self, "top_p", checked_number(self.top_p, "top_p"))
        object.__setattr__(self, "seed", checked_whole(self.seed, "seed", -_SEEDS, _SEEDS - 1, "-2^63 to 2^63 - 1"))
        object.__setattr__(self, "greedy", checked_flag(self.greedy, "greedy"))
        if not 0.0 <= self.temperature < float("inf"):
            raise ConfigurationError(f"temperature is a number of at least 0, not {self.temperature}")
        if not 0.0 < self.top_p <= 1.0:
            raise ConfigurationError(f"top_p is a number above 0 and at most 1, not {self.top_p}")

    @property
    def is_greedy(self) -> bool:
        """Whether nothing is drawn at random."""
        return self.greedy or self.temperature < _GREEDY_BELOW


def random_stream(seed: int, prompt: Sequence[int], sample: int, draft: int = 0) -> np.random.Generator:
    """Return the random stream of one draft of a sample: a function of these numbers alone."""
    words = [seed, sample, *prompt] if draft == 0 else [seed, sample, *prompt, -draft]
    digest = hashlib.sha256(np.asarray(words, dtype=np.int64).tobytes()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))


def choose(
    logits: Tensor, allowed: Tensor, uniforms: NDArray[np.float64], samplings: Sequence[Sampling]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Choose one candidate for each row, each by its own sampling.

    Parameters
    ----------
    logits : Tensor, shape=(R, N), dtype=float
        Of the candidates.
    allowed : Tensor, shape=(R, N), dtype=bool
        Which may be chosen; at least one in each row.
    uniforms : ndarray, shape=(R,), dtype=float64
        A draw from [0, 1) for each row; not used where the row is greedy.
    samplings : sequence of Sampling, length=R
        Temperature and nucleus of each row.

    Returns
    -------
    columns : ndarray, shape=(R,), dtype=int64
        The candidate chosen.
    logprobs : ndarray, shape=(R,), dtype=float64
        Its log-probability among the allowed candidates, at temperature 1 and without the nucleus, in nats.
    """
    masked = logits.double().masked_fill(~allowed, -torch.inf)
    logprobs = torch.log_softmax(masked, dim=-1)
    columns = masked.argmax(dim=-1)
    draws = [row for row, sampling in enumerate(samplings) if not sampling.is_greedy]
    if draws:
        rows = torch.tensor(draws, device=logits.device)
        columns[rows] = _draw(masked[rows], uniforms[draws], [samplings[row] for row in draws])
    selection = logprobs.gather(1, columns[:, None])[:, 0]
    return columns.cpu().numpy(), selection.cpu().numpy()


def _draw(masked: Tensor, uniforms: NDArray[np.float64], samplings: Sequence[Sampling]) -> Tensor:
    """Draw a candidate for each row, ``int64 [R]``."""
    temperatures = masked.new_tensor([sampling.temperature for sampling in samplings])
    probabilities = torch.softmax(masked / temperatures[:, None], dim=-1)
    # Rows without a nucleus are left as they are: rounding in the sums would cut their least likely candidates.
    cut = [row for row, sampling in enumerate(samplings) if sampling.top_p < 1.0]
    if cut:
        rows = torch.tensor(cut, device=masked.device)
        top_p = masked.new_tensor([samplings[row].top_p for row in cut])
        probabilities[rows] = nucleus(probabilities[rows], top_p)
    return _invert(probabilities, torch.from_numpy(uniforms).to(masked.device))


def nucleus(probabilities: Tensor, top_p: Tensor) -> Tensor:
    """Return ``[R, N]`` probabilities, 0 outside the fewest likeliest ids whose sum reaches ``top_p [R]``."""
    ordered, order = probabilities.sort(dim=-1, descending=True, stable=True)
    before = ordered.cumsum(dim=-1) - ordered
    kept = torch.where(before < top_p[:, None], ordered, 0.0)
    return torch.zeros_like(probabilities).scatter(1, order, kept)


def _invert(probabilities: Tensor, uniforms: Tensor) -> Tensor:
    """Return where each row's cumulative probability passes its uniform draw, ``int64 [R]``."""
    cumulative = probabilities.cumsum(dim=-1)
    targets = uniforms[:, None] * cumulative[:, -1:]
    columns = torch.searchsorted(cumulative, targets, right=True)[:, 0]
    # A draw that rounds to the very end must not fall on an id of probability 0.
    last = (probabilities > 0).long().mul(torch.arange(1, probabilities.shape[1] + 1, device=columns.device))
    return torch.minimum(columns, last.amax(dim=-1) - 1)
