"""Drawing one candidate a row from logits, in double precision.

Probabilities are summed by blocks of candidates, then the draw is sought among the blocks and within one of them: so
each logit is read once, and what follows touches a hundredth of them. On a CPU a few rows at a time are read, whose
numbers stay in the cache of a core.

Legend of shapes: R rows, N candidate ids, U masks, B candidates of a block, b blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.generation.sampling import Sampling
from biomatrix.generation.transfers import sent

_BLOCK: Final = 128
_TOGETHER, _AT_ONCE = 1 << 20, 1 << 16
"""Logits whose rows are drawn together on a CPU, eight megabytes; and those of a piece that stays in the cache of a
core."""
_LIKELIEST: Final = 1024
"""How many candidates are sorted for a nucleus before all are."""


@dataclass(frozen=True, eq=False)
class Masks:
    """Which candidates each row must not choose.

    Parameters
    ----------
    table : Tensor, shape=(U, N), dtype=bool
        Masks that are True where a candidate is forbidden.
    numbers : ndarray, shape=(R,), dtype=int64, optional
        The mask of each row; the only one for all rows when not given.
    """

    table: Tensor
    numbers: NDArray[np.int64] | None = None

    def piece(self, first: int, stop: int) -> Tensor:
        """Return what some rows must not choose, ``bool [R, N]`` or ``[1, N]``."""
        return self.at(slice(first, stop))

    def at(self, rows: slice | NDArray[np.int64]) -> Tensor:
        """Return what some rows must not choose, ``bool [R, N]`` or ``[1, N]``."""
        return self.table if self.numbers is None else self.table[sent(self.numbers[rows], self.table.device)]


@dataclass(frozen=True, eq=False)
class RowSettings:
    """The settings of :class:`Sampling` by rows, shape (R,) each; the temperature of a greedy row is 1."""

    temperatures: NDArray[np.float64]
    top_p: NDArray[np.float64]
    greedy: NDArray[np.bool_]

    @classmethod
    def of(cls, samplings: Sequence[Sampling]) -> RowSettings:
        """Return the settings of rows."""
        greedy = np.array([sampling.is_greedy for sampling in samplings], dtype=bool)
        temperatures = np.array([sampling.temperature for sampling in samplings])
        return cls(np.where(greedy, 1.0, temperatures), np.array([each.top_p for each in samplings]), greedy)

    def at(self, rows: slice | NDArray[np.int64] | NDArray[np.bool_]) -> RowSettings:
        """Return the settings of some of the rows."""
        return RowSettings(self.temperatures[rows], self.top_p[rows], self.greedy[rows])

    def join(self, other: RowSettings) -> RowSettings:
        """Return the settings of these rows and of others behind them."""
        return RowSettings(
            np.concatenate([self.temperatures, other.temperatures]),
            np.concatenate([self.top_p, other.top_p]),
            np.concatenate([self.greedy, other.greedy]),
        )

    @property
    def have_nucleus(self) -> bool:
        """Whether a row that is drawn is cut to its nucleus."""
        return bool((self.top_p[~self.greedy] < 1.0).any())

    @property
    def are_plain(self) -> bool:
        """Whether every row is drawn from the probabilities as they are."""
        return not self.greedy.any() and bool((self.temperatures == 1.0).all() and (self.top_p == 1.0).all())


def choose(
    logits: Tensor, masks: Masks | None, uniforms: NDArray[np.float64], settings: RowSettings
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Choose one candidate for each row, each by its own sampling.

    Parameters
    ----------
    logits : Tensor, shape=(R, N), dtype=float
        Of the candidates.
    masks : Masks, optional
        Which must not be chosen; at least one is left in each row.
    uniforms : ndarray, shape=(R,), dtype=float64
        A draw from [0, 1) for each row; not used where the row is greedy.
    settings : RowSettings
        Temperature and nucleus of each row.

    Returns
    -------
    columns : ndarray, shape=(R,), dtype=int64
        The candidate chosen.
    logprobs : ndarray, shape=(R,), dtype=float64
        Its log-probability among the allowed candidates, at temperature 1 and without the nucleus, in nats.
    """
    rows, width = logits.shape
    at_once = max(1, _TOGETHER // width) if logits.device.type == "cpu" else rows
    pieces = []
    for first in range(0, rows, at_once):
        part = slice(first, min(first + at_once, rows))
        forbidden = None if masks is None else masks.piece(part.start, part.stop)
        pieces.append(_choose(logits[part], forbidden, uniforms[part], settings.at(part)))
    columns, logprobs = (torch.cat(parts).cpu().numpy() for parts in zip(*pieces, strict=True))
    return columns, logprobs


def _choose(
    logits: Tensor, forbidden: Tensor | None, uniforms: NDArray[np.float64], settings: RowSettings
) -> tuple[Tensor, Tensor]:
    values, sums = _centred(logits, forbidden)
    if settings.are_plain:
        columns = _draw(values, sums, sent(uniforms, values.device))
    else:
        columns = values.argmax(dim=-1)
        draws = np.flatnonzero(~settings.greedy)
        if len(draws):
            drawn = sent(draws, values.device)
            columns[drawn] = _draw_by(settings.at(draws), values[drawn], uniforms[draws])
    return columns, values.gather(1, columns[:, None])[:, 0] - sums.sum(dim=-1).log()


def choose_each(logits: Tensor, forbidden: Tensor, uniforms: Tensor, temperatures: Tensor, greedy: Tensor) -> Tensor:
    """Choose one candidate for each row without looking at any number, so that it can be recorded.

    Parameters
    ----------
    logits : Tensor, shape=(R, N), dtype=float
    forbidden : Tensor, shape=(R, N), dtype=bool
    uniforms, temperatures : Tensor, shape=(R,), dtype=float64
    greedy : Tensor, shape=(R,), dtype=bool
        As in :func:`choose`.

    Returns
    -------
    Tensor, shape=(2, R), dtype=float64
        The candidates chosen, and their log-probabilities.
    """
    values, sums = _centred(logits, forbidden)
    divided = values / temperatures[:, None]
    columns = torch.where(greedy, values.argmax(dim=-1), _draw(divided, _block_sums(divided), uniforms))
    logprobs = values.gather(1, columns[:, None])[:, 0] - sums.sum(dim=-1).log()
    return torch.stack([columns.double(), logprobs])


def _centred(logits: Tensor, forbidden: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return logits less the largest allowed one, -inf where forbidden, and sums of their exponentials by blocks.

    Returns
    -------
    values : Tensor, shape=(R, b * B), dtype=float64
    sums : Tensor, shape=(R, b), dtype=float64
    """
    rows, width = logits.shape
    blocks = -(-width // _BLOCK)
    values = logits.new_full((rows, blocks * _BLOCK), -torch.inf, dtype=torch.float64)
    sums = logits.new_empty((rows, blocks), dtype=torch.float64)
    at_once = max(1, _AT_ONCE // width) if logits.device.type == "cpu" else rows
    for first in range(0, rows, at_once):
        part = slice(first, first + at_once)
        piece = values[part]
        piece[:, :width] = logits[part]
        if forbidden is not None:
            piece[:, :width].masked_fill_(forbidden if len(forbidden) == 1 else forbidden[part], -torch.inf)
        piece -= piece.amax(dim=-1, keepdim=True)
        torch.sum(piece.exp().view(len(piece), blocks, _BLOCK), dim=-1, out=sums[part])
    return values, sums


def _draw_by(settings: RowSettings, values: Tensor, uniforms: NDArray[np.float64]) -> Tensor:
    """Draw a candidate for each row by its temperature and nucleus, ``int64 [R]``."""
    values = values / sent(settings.temperatures, values.device)[:, None]
    # Rows without a nucleus are left as they are: rounding in the sums would cut their least likely candidates.
    cut = np.flatnonzero(settings.top_p < 1.0)
    if len(cut):
        rows = sent(cut, values.device)
        kept = nucleus(values[rows].softmax(dim=-1), sent(settings.top_p[cut], values.device)) > 0
        values[rows] = values[rows].masked_fill_(~kept, -torch.inf)
    return _draw(values, _block_sums(values), sent(uniforms, values.device))


def nucleus(probabilities: Tensor, top_p: Tensor) -> Tensor:
    """Return ``[R, N]`` probabilities, 0 outside the fewest likeliest ids whose sum reaches ``top_p [R]``.

    Of equally likely ids those before the others are kept.
    """
    size = probabilities.shape[-1]
    ordered = probabilities.topk(min(_LIKELIEST, size), dim=-1).values
    if size > _LIKELIEST and not bool((ordered.sum(dim=-1) > top_p + 1e-9).all()):
        ordered = probabilities.sort(dim=-1, descending=True).values
    kept = ordered.cumsum(dim=-1) - ordered < top_p[:, None]
    least = ordered.gather(1, kept.sum(dim=-1, keepdim=True) - 1)
    ties = probabilities == least
    ties &= ties.cumsum(dim=-1) <= (kept & (ordered == least)).sum(dim=-1, keepdim=True)
    return torch.where(ties | (probabilities > least), probabilities, 0.0)


def _block_sums(values: Tensor) -> Tensor:
    return values.exp().view(len(values), -1, _BLOCK).sum(dim=-1)


def _draw(values: Tensor, sums: Tensor, uniforms: Tensor) -> Tensor:
    """Return where each row's cumulative weight passes its uniform draw, ``int64 [R]``; weights are exponentials."""
    cumulative = sums.cumsum(dim=-1)
    targets = uniforms[:, None] * cumulative[:, -1:]
    block = _passed(sums, cumulative, targets)
    targets -= torch.nn.functional.pad(cumulative, (1, 0)).gather(1, block)
    inside = values.view(len(values), -1, _BLOCK).gather(1, block[:, :, None].expand(-1, -1, _BLOCK))[:, 0].exp_()
    return (block * _BLOCK + _passed(inside, inside.cumsum(dim=-1), targets))[:, 0]


def _passed(weights: Tensor, cumulative: Tensor, targets: Tensor) -> Tensor:
    """Return the first place whose cumulative weight is above the target, ``int64 [R, 1]``; never one of weight 0."""
    places = torch.searchsorted(cumulative, targets, right=True)
    # A target that rounds to the very end must not fall behind the last place of any weight.
    numbers = torch.arange(1, weights.shape[1] + 1, device=weights.device)
    return torch.minimum(places, (weights > 0).mul(numbers).amax(dim=-1, keepdim=True) - 1)
