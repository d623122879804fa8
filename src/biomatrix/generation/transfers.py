"""Small arrays on their way to a GPU, for which neither side waits."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor


def sent(array: NDArray[Any], device: torch.device) -> Tensor:
    """Return an array as a tensor on a device; on a CPU it shares the memory.

    A copy to a GPU is queued behind what the GPU does, from memory that it reads by itself; an ordinary copy would wait
    until all of that is done.
    """
    return pinned(array, device).to(device, non_blocking=True)


def pinned(array: NDArray[Any], device: torch.device) -> Tensor:
    """Return an array as a tensor of this machine, where a GPU can read it by itself if one is the device."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory() if device.type == "cuda" else tensor
