"""What encoders of cells by a network share: cells are written, put into batches by length, and run without gradients.

Legend: n positions of a cell, B cells of a batch, L its longest cell, k vectors of a cell, d numbers of a vector.
"""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.entities.encoder import DEFAULT_BATCH, Encoder
from biomatrix.errors import BioMatrixError, ConfigurationError

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.cell.entity import Cell

MOST_POSITIONS: Final = 1 << 15
"""Positions, padding included, that go through a network together, whatever the batch size: they bound its memory."""


@dataclass(frozen=True, eq=False)
class WrittenCell:
    """A cell as a network reads it.

    Parameters
    ----------
    ids : ndarray, shape=(n,), dtype=int64
    is_gene : ndarray, shape=(n,), dtype=bool
        Positions that a mean counts: not those of special tokens.
    values : ndarray, shape=(n,), dtype=float32, optional
        What stands beside each id, for networks that read values.
    """

    ids: NDArray[np.int64]
    is_gene: NDArray[np.bool_]
    values: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class CellBatch:
    """Written cells, padded on the right.

    Parameters
    ----------
    ids : Tensor, shape=(B, L), dtype=int64
    is_read : Tensor, shape=(B, L), dtype=bool
        Every position but padding.
    is_gene : Tensor, shape=(B, L), dtype=bool
    values : Tensor, shape=(B, L), dtype=float32
        0 where a cell has none.
    """

    ids: Tensor
    is_read: Tensor
    is_gene: Tensor
    values: Tensor

    @classmethod
    def of(cls, cells: Sequence[WrittenCell], pad: int, device: torch.device) -> CellBatch:
        """Return cells side by side, ``pad`` behind the shorter ones."""
        longest = max(map(len, cells))
        ids = np.full((len(cells), longest), pad, dtype=np.int64)
        is_read = np.zeros(ids.shape, dtype=np.bool_)
        is_gene = np.zeros(ids.shape, dtype=np.bool_)
        values = np.zeros(ids.shape, dtype=np.float32)
        for row, cell in enumerate(cells):
            ids[row, : len(cell)] = cell.ids
            is_read[row, : len(cell)] = True
            is_gene[row, : len(cell)] = cell.is_gene
            if cell.values is not None:
                values[row, : len(cell)] = cell.values
        made = (torch.from_numpy(array).to(device) for array in (ids, is_read, is_gene, values))
        return cls(*made)


class CellNetworkEncoder(Encoder):
    """A frozen network over the genes of a cell.

    Parameters
    ----------
    network : torch.nn.Module
        In float32; it is put on the device, and no gradient goes through it.
    device : str
        Such as ``cpu`` or ``cuda``.
    """

    kind = "cell"
    code_version: int
    """Raised where the same weights and settings give other vectors than before."""

    def __init__(self, network: torch.nn.Module, device: str) -> None:
        self.device = torch.device(device)
        self.network = network.eval().requires_grad_(False).to(self.device)

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
    def _hash(self) -> str:
        name = f"{type(self).__name__} {self.code_version}"
        return content_hash(name, self.settings(), self.network.state_dict().items())

    @property
    def hash(self) -> str:
        return self._hash

    def encode_each(
        self, entities: Sequence[Entity], batch_size: int = DEFAULT_BATCH
    ) -> list[NDArray[np.float32] | BioMatrixError]:
        if batch_size < 1:
            raise ConfigurationError(f"a batch holds at least 1 entity, not {batch_size}")
        written = [self._write_or_refuse(entity) for entity in entities]
        found: list[NDArray[np.float32] | BioMatrixError] = [
            one if isinstance(one, BioMatrixError) else np.empty(0, dtype=np.float32) for one in written
        ]
        lengths = {place: len(one) for place, one in enumerate(written) if isinstance(one, WrittenCell)}
        for places in batches_by_length(lengths, batch_size):
            batch = CellBatch.of([cast(WrittenCell, written[place]) for place in places], self.pad, self.device)
            with torch.inference_mode():
                vectors = self.pooled(batch).float().cpu().numpy()
            for place, vector in zip(places, vectors, strict=True):
                found[place] = vector
        return found

    def _write_or_refuse(self, entity: Entity) -> WrittenCell | BioMatrixError:
        try:
            self.check_kind(entity)
            return self.write(cast("Cell", entity.checked()))
        except BioMatrixError as error:
            return error


def batches_by_length(lengths: Mapping[int, int], batch_size: int) -> Iterator[list[int]]:
    """Yield places in batches of like length, the longest first, so that what fills the memory comes at once.

    Parameters
    ----------
    lengths : mapping of int to int
        Positions, by the place of an entity in its list.
    batch_size : int
        The most entities of a batch; fewer where :data:`MOST_POSITIONS` would be passed.
    """
    batch: list[int] = []
    for place in sorted(lengths, key=lambda place: (-lengths[place], place)):
        longest = lengths[batch[0]] if batch else lengths[place]
        if len(batch) == batch_size or (batch and (len(batch) + 1) * longest > MOST_POSITIONS):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def masked_mean(states: Tensor, counts: Tensor) -> Tensor:
    """Return the mean of hidden states over some positions, ``float32 [B, 1, d]``.

    Parameters
    ----------
    states : Tensor, shape=(B, L, d)
    counts : Tensor, shape=(B, L), dtype=bool
        The positions that count, at least one a cell.
    """
    weights = counts.unsqueeze(-1).to(states.dtype)
    return ((states * weights).sum(dim=1) / weights.sum(dim=1)).unsqueeze(1)


def content_hash(name: str, settings: Mapping[str, Any], tensors: Iterable[tuple[str, Tensor]]) -> str:
    """Return a SHA-256, in hexadecimal, over a name, settings, and every number of every tensor."""
    digest = hashlib.sha256(f"{name}\n{json.dumps(settings, sort_keys=True)}\n".encode())
    for key, tensor in sorted(tensors, key=lambda pair: pair[0]):
        array = tensor.detach().cpu().contiguous().numpy()
        digest.update(f"{key} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array)
    return digest.hexdigest()
