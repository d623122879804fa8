"""Draws among all that could ever come, judged one id at a time: exact, without knowing what else is allowed.

Let ids have weights w, of which a set A is allowed. Draw one by its weight; where it is not in A, put it aside and draw
among the rest, until one is in A. The probability that a in A comes first of A is w(a) / w(A), whatever lies outside A:
with independent exponential clocks of rates w, which ring in exactly such an order, the first clock of A to ring is
that of a with this probability, and clocks outside A do not change when those of A ring. So what is written has the
distribution of a draw among the allowed ids, and only ids that are drawn need be judged.

The first id of a row comes from its uniform draw, like any other's. Where it is refused, the others are put in the
order of their clocks, as logarithms: logits plus Gumbel noise (Yellott 1977). The noise is a function of the row's
uniform draw and of the id, so that a row's answer depends on its own stream alone, and it is as good as independent of
where that draw fell: bits are mixed by SplitMix64 (Steele et al. 2014). A greedy row goes from the likeliest id down.

A nucleus is cut from the allowed ids, which are then listed.

Legend of shapes: R rows, N candidate ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.entities.automaton import Admitting, Hastening, States
from biomatrix.entities.table_automaton import inside
from biomatrix.errors import ConfigurationError
from biomatrix.generation.drawing import Masks, RowSettings, choose
from biomatrix.generation.transfers import sent

_GAMMA: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = ((30, np.uint64(0xBF58476D1CE4E5B9)), (27, np.uint64(0x94D049BB133111EB)))


@dataclass(frozen=True, eq=False)
class Drawn:
    """What some rows drew first among their candidates.

    Parameters
    ----------
    columns : ndarray, shape=(R,), dtype=int64
    logprobs : ndarray, shape=(R,), dtype=float64
        Among the candidates, at temperature 1 and without a nucleus.
    scores : Tensor, shape=(R, N), dtype=float
        The logits.
    masks : Masks, optional
        Which are no candidates.
    ids : ndarray, shape=(N,), dtype=int64
        The id of each column.
    uniforms : ndarray, shape=(R,), dtype=float64
    settings : RowSettings
    """

    columns: NDArray[np.int64]
    logprobs: NDArray[np.float64]
    scores: Tensor
    masks: Masks | None
    ids: NDArray[np.int64]
    uniforms: NDArray[np.float64]
    settings: RowSettings

    def judge(self, rows: slice, guide: Admitting, states: States, *, owed: bool) -> None:
        """Draw again where what the rows under a guide drew may not come; it is written over.

        Parameters
        ----------
        rows : slice
            Those of the guide.
        guide : Admitting
        states : ndarray, shape=(r, k)
        owed : bool
            Whether the guide hastens.

        Raises
        ------
        ConfigurationError
            The guide allows nothing.
        """
        settings = self.settings.at(rows)
        cut = ~settings.greedy & (settings.top_p < 1.0)
        wrong = cut | (guide.first_admitted(states, self.ids[self.columns[rows], None], owed=owed) < 0)
        for again, draw in ((wrong & ~cut, self._draw_again), (cut, self._draw_cut)):
            if again.any():
                draw(rows.start + np.flatnonzero(again), guide, states[again], owed)

    def _draw_again(self, rows: NDArray[np.int64], guide: Admitting, states: States, owed: bool) -> None:
        """Go from the id that is wanted most to the one that is wanted least, up to the first that may come."""
        values = self._values(rows)
        order = self._order(rows, values)
        places = guide.first_admitted(states, self.ids[order], owed=owed)
        if (places < 0).any():
            raise ConfigurationError("a guide admits nothing, though its row has not ended: its automaton is at fault")
        self._put(rows, values, order[np.arange(len(rows)), places])

    def _draw_cut(self, rows: NDArray[np.int64], guide: Admitting, states: States, owed: bool) -> None:
        """Draw from the nucleus of what is allowed."""
        values = self._values(rows)
        allowed = guide.allowed(states)
        if owed and isinstance(guide, Hastening):
            allowed = guide.offered(states, allowed)
        listed = np.stack([inside(ranges, self.ids) for ranges in allowed])
        among = torch.from_numpy(np.where(listed, values, -np.inf))
        columns, _ = choose(among, None, self.uniforms[rows], self.settings.at(rows))
        self._put(rows, values, columns)

    def _put(self, rows: NDArray[np.int64], values: NDArray[np.float64], columns: NDArray[np.int64]) -> None:
        at = np.arange(len(rows))
        self.logprobs[rows] += values[at, columns] - values[at, self.columns[rows]]
        self.columns[rows] = columns

    def _values(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the logits of some rows, -inf outside their candidates, ``float64 [r, N]``."""
        where = sent(rows, self.scores.device)
        values = self.scores[where].double()
        if self.masks is not None:
            values.masked_fill_(self.masks.at(rows), -torch.inf)
        found: NDArray[np.float64] = values.cpu().numpy()
        return found

    def _order(self, rows: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the columns of some rows in the order in which they are drawn, ``int64 [r, N]``: that drawn first."""
        settings = self.settings.at(rows)
        noise = gumbel_noise(self.uniforms[rows], self.ids)
        noise[settings.greedy] = 0.0
        wanted = values / settings.temperatures[:, None] + noise
        wanted[np.arange(len(rows)), self.columns[rows]] = np.inf
        return np.argsort(-wanted, axis=1, kind="stable")


def gumbel_noise(uniforms: NDArray[np.float64], ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a draw from the standard Gumbel distribution for each row and id, ``float64 [R, N]``.

    Parameters
    ----------
    uniforms : ndarray, shape=(R,), dtype=float64
        A draw from [0, 1) for each row.
    ids : ndarray, shape=(N,), dtype=int64
    """
    bits = uniforms.view(np.uint64)[:, None] + ids.astype(np.uint64) * _GAMMA
    for shift, factor in _MIX:
        bits = (bits ^ (bits >> np.uint64(shift))) * factor
    bits ^= bits >> np.uint64(31)
    evenly = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    noise: NDArray[np.float64] = -np.log(-np.log(evenly))
    return noise
