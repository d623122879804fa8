"""What encoders of cells by a network share: a cell is written as ids, perhaps with values, and run in batches.

Legend of shapes: n positions of a cell, B cells of a batch, L its longest cell, k vectors of a cell, d of a vector.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.entities.encoder import encoder_hash
from biomatrix.generation.devices import torch_device
from biomatrix.processors import threads_for
from biomatrix.soft.encoders.batching import NetworkEncoder

if TYPE_CHECKING:
    from biomatrix.entities.cell.entity import Cell

MOST_POSITIONS: Final = 1 << 15
"""Positions, padding included, that go through a network together, whatever the batch size: they bound its memory."""


@dataclass(frozen=True, eq=False)
class WrittenCell:
    """A cell as a network reads it.

    Parameters
    ----------
    ids : ndarray, shape=(n,), dtype=int64
    counts : ndarray, shape=(n,), dtype=bool
        Positions of the cell itself, which a mean counts: not those of special tokens.
    values : ndarray, shape=(n,), dtype=float32
        What stands beside each id; 0 where a network reads ids alone.
    """

    ids: NDArray[np.int64]
    counts: NDArray[np.bool_]
    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of_ids(cls, ids: NDArray[np.int64], frame: tuple[int, int] | None = None) -> WrittenCell:
        """Return a cell of ids alone, with a special token before and one behind them where a frame is given."""
        before, after = ([], []) if frame is None else ([frame[0]], [frame[1]])
        whole = np.array([*before, *ids.tolist(), *after], dtype=np.int64)
        counts = np.ones(len(whole), dtype=np.bool_)
        if frame is not None:
            counts[[0, -1]] = False
        return cls(whole, counts, np.zeros(len(whole), dtype=np.float32))


@dataclass(frozen=True, eq=False)
class CellBatch:
    """Written cells, padded on the right.

    Parameters
    ----------
    ids : Tensor, shape=(B, L), dtype=int64
    is_read : Tensor, shape=(B, L), dtype=bool
        Every position but padding.
    counts : Tensor, shape=(B, L), dtype=bool
    values : Tensor, shape=(B, L), dtype=float32
    """

    ids: Tensor
    is_read: Tensor
    counts: Tensor
    values: Tensor

    @classmethod
    def of(cls, cells: Sequence[WrittenCell], pad: int, device: torch.device | str = "cpu") -> CellBatch:
        """Return cells side by side, ``pad`` behind the shorter ones."""
        longest = max(map(len, cells))
        ids = np.full((len(cells), longest), pad, dtype=np.int64)
        is_read = np.zeros(ids.shape, dtype=np.bool_)
        counts = np.zeros(ids.shape, dtype=np.bool_)
        values = np.zeros(ids.shape, dtype=np.float32)
        for row, cell in enumerate(cells):
            ids[row, : len(cell)] = cell.ids
            is_read[row, : len(cell)] = True
            counts[row, : len(cell)] = cell.counts
            values[row, : len(cell)] = cell.values
        return cls(*(torch.from_numpy(array).to(device) for array in (ids, is_read, counts, values)))


class CellNetworkEncoder(NetworkEncoder):
    """A frozen network over the genes of a cell. Only what :meth:`write` gives is read of a cell.

    Parameters
    ----------
    network : torch.nn.Module
        In float32; no gradient goes through it.
    device : str, optional
        A GPU where there is one, else the CPU, when not given.
    """

    kind = "cell"

    def __init__(self, network: torch.nn.Module, device: str | None) -> None:
        self.device = torch_device(device)
        self.network = network.eval().requires_grad_(False).to(self.device)
        self._parameters = sum(parameter.numel() for parameter in network.parameters())

    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """Return everything beside the weights that decides the vectors, as JSON."""

    @property
    @abstractmethod
    def pad(self) -> int:
        """The id of padding."""

    @abstractmethod
    def write(self, cell: Cell) -> WrittenCell:
        """Return a cell as the network reads it. Raises UnsupportedError where nothing of it can be read."""

    @abstractmethod
    def pooled(self, batch: CellBatch) -> Tensor:
        """Return the vectors of the cells of a batch, ``float32 [B, k, d]``."""

    @cached_property
    def hash(self) -> str:
        """A SHA-256 of every weight, the settings, the ids of genes and the version of the code."""
        tensors = {name: tensor.cpu().numpy() for name, tensor in self.network.state_dict().items()}
        return encoder_hash(self, self.settings(), tensors)

    def content(self, entity: Any) -> bytes:
        """Return the ids and values that the network reads: annotations, notes and the order of genes play no part."""
        written = self.write(entity)
        return bytes(written.ids.astype("<i8").tobytes() + written.values.astype("<f4").tobytes())

    def pieces(self, entity: Any) -> list[Sequence[Any]]:
        """Return the written cell; UnsupportedError where nothing of it can be read."""
        return [cast("Sequence[Any]", self.write(entity.checked()))]

    def run(self, batch: Sequence[Any]) -> NDArray[np.float32]:
        """Return the vectors of each written cell, ``float32 [B, k, d]``; a large batch goes through in parts."""
        found = []
        for some in _parts(batch):
            padded = CellBatch.of(some, self.pad, self.device)
            work = 2.0 * self._parameters * padded.ids.numel() if self.device.type == "cpu" else 0.0
            with torch.inference_mode(), threads_for(work):
                found.append(self.pooled(padded).float().cpu().numpy())
        return np.concatenate(found)


def _parts(batch: Sequence[WrittenCell]) -> Iterator[Sequence[WrittenCell]]:
    """Yield a batch in runs of cells that are within :data:`MOST_POSITIONS` once they are padded."""
    start, longest = 0, 0
    for place, cell in enumerate(batch):
        longest = max(longest, len(cell))
        if place > start and (place + 1 - start) * longest > MOST_POSITIONS:
            yield batch[start:place]
            start, longest = place, len(cell)
    yield batch[start:]
