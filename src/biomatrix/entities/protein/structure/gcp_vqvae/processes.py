"""What the processes of one training run exchange; alone, each function returns its argument."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import functional as F


def world_size() -> int:
    """Return the number of processes of the run."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def summed(values: Tensor) -> Tensor:
    """Return the sum over the processes, the same bits in each."""
    if world_size() > 1:
        values = values.contiguous()
        dist.all_reduce(values)
    return values


def joined(rows: Tensor) -> Tensor:
    """Return the rows [n, D] of all processes in the order of their ranks; ``n`` may differ between them."""
    if world_size() == 1:
        return rows
    counts = summed(F.one_hot(torch.tensor(dist.get_rank()), world_size()).to(rows.device) * len(rows))
    most = int(counts.max())
    parts = [rows.new_empty(most, *rows.shape[1:]) for _ in range(world_size())]
    dist.all_gather(parts, F.pad(rows, (0, 0, 0, most - len(rows))).contiguous())
    return torch.cat([part[:count] for part, count in zip(parts, counts.tolist(), strict=True)])


def from_first(values: Tensor) -> Tensor:
    """Return what the first process holds."""
    if world_size() > 1:
        values = values.contiguous()
        dist.broadcast(values, src=0)
    return values
