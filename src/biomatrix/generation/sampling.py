"""How ids are chosen, greedy or nucleus, and the random stream of each sample.

Legend of shapes: R rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ConfigurationError
from biomatrix.generation.checked import checked_flag, checked_number, checked_whole

_GREEDY_BELOW: Final = 1e-100
"""Logits divided by a smaller temperature might pass the largest number; the likeliest id is all that it could give."""
_SEEDS: Final = 1 << 63
_AHEAD: Final = 64
"""Steps whose draws are made together."""


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


class Draws:
    """The uniform draws of some rows, one a row and step, each from the row's own stream.

    Parameters
    ----------
    streams : sequence of Generator or None
        Of each row; None where nothing is drawn: the draws are then 0.
    """

    def __init__(self, streams: Sequence[np.random.Generator | None]) -> None:
        self._streams = list(streams)
        self._drawn = np.zeros((len(self._streams), 0))
        self._step = 0

    def next(self) -> NDArray[np.float64]:
        """Return the draws of the next step from [0, 1), ``float64 [R]``."""
        if self._step == self._drawn.shape[1]:
            nothing = np.zeros(_AHEAD)
            self._drawn = np.array([nothing if each is None else each.random(_AHEAD) for each in self._streams])
            self._step = 0
        self._step += 1
        return self._drawn[:, self._step - 1].copy()

    def back(self) -> None:
        """Let the next step make the draws of the last one again."""
        self._step -= 1

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Keep these rows, in this order."""
        self._streams = [self._streams[row] for row in rows]
        self._drawn = self._drawn[rows]

    def join(self, other: Draws) -> None:
        """Add rows behind the others; each goes on with its own stream, wherever it stands."""
        ahead = max(draws._drawn.shape[1] - draws._step for draws in (self, other))
        self._drawn = np.concatenate([self._ahead(ahead), other._ahead(ahead)])
        self._streams += other._streams
        self._step = 0

    def _ahead(self, count: int) -> NDArray[np.float64]:
        """Return the draws of so many next steps, ``float64 [R, count]``."""
        made = self._drawn[:, self._step :]
        more = count - made.shape[1]
        if not more or not len(made):
            return made if len(made) else np.zeros((0, count))
        nothing = np.zeros(more)
        return np.hstack([made, [nothing if each is None else each.random(more) for each in self._streams]])
