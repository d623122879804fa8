"""Linear maps that a CPU computes with oneDNN when no gradients are recorded.

PyTorch gives float32 products to MKL, which uses half the vector width on AMD processors: oneDNN, which every build of
PyTorch for x86 and Arm holds, took 0.41 of the time (Zen 5, 1024 x 8192). The numbers stay float32; they differ in
rounding, as they do between batch sizes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_AVAILABLE: bool = torch.backends.mkldnn.is_available() and hasattr(  # type: ignore[no-untyped-call]
    torch.ops.mkldnn, "_linear_pointwise"
)
_allowed: ContextVar[bool] = ContextVar("onednn_allowed", default=True)


@contextmanager
def onednn(allowed: bool) -> Iterator[None]:
    """Allow oneDNN or not within the block: without it, products are those of `torch.nn.functional.linear`."""
    before = _allowed.set(allowed)
    try:
        yield
    finally:
        _allowed.reset(before)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``x @ weight.T + bias``, [..., out] of [..., in]."""
    if not _AVAILABLE or not _on_cpu(x) or x.numel() == 0 or not _allowed.get() or torch.compiler.is_compiling():
        return F.linear(x, weight, bias)
    return cast(Tensor, torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], ""))


class Linear(nn.Linear):
    """`torch.nn.Linear` by way of `linear`."""

    def forward(self, x: Tensor) -> Tensor:
        """Map the last axis."""
        return linear(x, self.weight, self.bias)


def _on_cpu(x: Tensor) -> bool:
    """Whether plain float32 products on a CPU, without gradients, are called for."""
    return (
        x.device.type == "cpu"
        and x.dtype == torch.float32
        and not torch.is_grad_enabled()
        and not torch.is_autocast_enabled("cpu")
    )
