"""Rows of vectors that ids below 0 stand for: row ``r`` is the id ``-(r + 1)``.

Legend of shapes: n entities, k vectors of each, d numbers of a vector, m learned vectors, D numbers of an embedding,
R rows asked for at once.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from biomatrix.errors import ConfigurationError
from biomatrix.soft.projector import Projector


class VectorRows(nn.Module):
    """Vectors of many entities, each set with the projector that brings it to the decoder's width.

    Vectors stay where they are, in memory or in a mapped file, and are projected when they are asked for, so a
    projector in training is the one that counts. Learned vectors of a projector follow the k of each entity.
    """

    def __init__(self) -> None:
        super().__init__()
        self.projectors = nn.ModuleList()
        self._sets: list[tuple[NDArray[np.float32], Projector]] = []
        self._starts: list[int] = [0]

    def __len__(self) -> int:
        return self._starts[-1]

    def add(self, vectors: NDArray[np.float32], projector: Projector) -> NDArray[np.int32]:
        """Add entities, and return the ids that stand for each: ``int32 [n, k + m]``, all below 0.

        Parameters
        ----------
        vectors : ndarray, shape=(n, k, d), dtype=float32
            Always with three axes; they may be mapped from a file.
        projector : Projector
            Of their encoder; one projector may be given with several sets.

        Raises
        ------
        ConfigurationError
            The vectors have another number of axes, or another d.
        """
        if vectors.ndim != 3:
            raise ConfigurationError(f"vectors are [entities, vectors of each, numbers], not {vectors.ndim} axes")
        if vectors.shape[2] != projector.d:
            raise ConfigurationError(f"the projector takes {projector.d} numbers a vector, not {vectors.shape[2]}")
        places = vectors.shape[1] + projector.settings.learned
        start = self._starts[-1]
        rows = np.arange(start, start + len(vectors) * places).reshape(len(vectors), places)
        if not any(projector is one for one in self.projectors):
            self.projectors.append(projector)
        self._sets.append((vectors, projector))
        self._starts.append(start + rows.size)
        ids: NDArray[np.int32] = (-1 - rows).astype(np.int32)
        return ids

    def forward(self, ids_R: Tensor) -> Tensor:
        """Return the vectors that ids below 0 stand for: ``float32 [R, D]`` of ``int64 [R]``.

        Raises
        ------
        ConfigurationError
            An id for which there is no row.
        """
        rows = -1 - ids_R.detach().to("cpu", torch.int64).numpy()
        if rows.size and (int(rows.min()) < 0 or int(rows.max()) >= len(self)):
            worst = int(rows.max() if rows.max() >= len(self) else rows.min())
            raise ConfigurationError(f"a position asks for vector {worst}, and there are {len(self)}")
        section = np.searchsorted(np.asarray(self._starts[1:]), rows, side="right")
        found: list[Tensor] = []
        order: list[NDArray[np.intp]] = []
        for number in np.unique(section):
            where = np.flatnonzero(section == number)
            found.append(self._section(int(number), rows[where] - self._starts[number]))
            order.append(where)
        back = torch.from_numpy(np.argsort(np.concatenate(order), kind="stable")).to(found[0].device)
        return torch.cat(found)[back]

    def _section(self, number: int, rows: NDArray[np.int64]) -> Tensor:
        """Return rows of one set, ``float32 [R, D]``: entity ``r // (k + m)``, its vector ``r % (k + m)``."""
        vectors, projector = self._sets[number]
        k = vectors.shape[1]
        entity, place = np.divmod(rows, k + projector.settings.learned)
        is_learned = place >= k
        own = torch.from_numpy(np.ascontiguousarray(vectors[entity[~is_learned], place[~is_learned]]))
        projected: Tensor = projector(own)
        if not is_learned.any():
            return projected
        learned = projector.learned_vectors()
        out = projected.new_empty(len(rows), projected.shape[-1])
        mask = torch.from_numpy(is_learned).to(out.device)
        out = out.masked_scatter(~mask[:, None], projected)
        chosen = learned[torch.from_numpy(place[is_learned] - k).to(learned.device)]
        whole: Tensor = out.masked_scatter(mask[:, None], chosen)
        return whole
