"""Masks over every row of an embedding, from the ids that a guide allows.

Legend of shapes: R rows, V embedding rows, n ranges.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

from biomatrix.entities.automaton import Ranges
from biomatrix.generation.adapters.prefix_states import Place

_MOST_MASKS: Final = 256
"""The most masks kept: 43 MB at 168,000 embedding rows."""


class VocabularyMasks:
    """Masks of places, for logits of one width on one device.

    Parameters
    ----------
    width : int
        V, the number of logits.
    stop_ids : sequence of int
        What a row may still write once it has finished, has no budget left or has gone astray: at least one id, since
        a row without any would have no probabilities.
    device : torch.device
        Where the logits are.
    """

    def __init__(self, width: int, stop_ids: Sequence[int], device: torch.device) -> None:
        self.width = width
        self.device = device
        self._stops = np.array([[id_, id_ + 1] for id_ in sorted(set(stop_ids))], dtype=np.int64)
        self._kept: OrderedDict[int, tuple[Ranges, Tensor]] = OrderedDict()

    def rows(self, places: Sequence[Place]) -> Tensor:
        """Return which ids each row may write next, ``bool [R, V]``."""
        return torch.stack([self._mask(place.allowed if len(place.allowed) else self._stops) for place in places])

    def narrow(self, logits: Tensor, places: Sequence[Place]) -> Tensor:
        """Return logits ``[R, V]`` with minus infinity for every id that its row may not write."""
        return logits.masked_fill(~self.rows(places), -torch.inf)

    def _mask(self, ranges: Ranges) -> Tensor:
        """Return the mask of ranges, ``bool [V]``; the ranges are kept, so that nothing else takes their identity."""
        entry = self._kept.get(id(ranges))
        if entry is not None:
            self._kept.move_to_end(id(ranges))
            return entry[1]
        edges = np.zeros(self.width + 1, dtype=np.int8)
        edges[ranges[:, 0]] += 1
        edges[ranges[:, 1]] -= 1
        mask = torch.from_numpy(np.cumsum(edges[:-1], dtype=np.int8).astype(bool)).to(self.device)
        self._kept[id(ranges)] = (ranges, mask)
        if len(self._kept) > _MOST_MASKS:
            self._kept.popitem(last=False)
        return mask
