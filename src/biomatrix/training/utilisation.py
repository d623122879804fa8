"""Model FLOPs utilisation (MFU): the arithmetic a model needs, as a share of what the device could do meanwhile.

Counted is what the mathematics of a decoder asks for (PaLM, Chowdhery et al., 2022, appendix B): 6 FLOPs for each
weight of a matrix and token (2 forward, 4 backward), the head's for labels that count, and 12 for each layer, head,
dimension of a head and pair of tokens of which one attends to the other. Padding, masked pairs, recomputation and casts
are not counted: doing without them raises the share.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import torch

from biomatrix.progress import Pace
from biomatrix.training.batches import Work
from biomatrix.training.prefetch import BatchSource

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_TERA: Final = 1e12
_SIDES: Final = {"cuda": 8192, "cpu": 1024}
"""Sides of the square matrices that are multiplied to measure a device: its best rate is reached by then."""
_OTHER_SIDE: Final = 2048
_REPEATS: Final = 8


@dataclass(frozen=True)
class ModelFlops:
    """FLOPs of training a decoder, forward and backward.

    Parameters
    ----------
    of_input : int
        For each token that is read: the matrices of the layers.
    of_label : int
        For each token that is predicted: the head.
    of_pair : int
        For each pair of tokens of which one attends to the other.
    """

    of_input: int
    of_label: int
    of_pair: int

    @classmethod
    def of(cls, model: PreTrainedModel) -> ModelFlops:
        """Return those of a model of Transformers; ask before its parameters are sharded."""
        tables: Any = (model.get_input_embeddings(), model.get_output_embeddings())  # type: ignore[no-untyped-call]
        apart = {id(table.weight) for table in tables}
        body = sum(p.numel() for p in model.parameters() if p.ndim >= 2 and id(p) not in apart)
        config: Any = model.config
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        pair = config.num_hidden_layers * config.num_attention_heads * width
        return cls(6 * body, 6 * tables[1].weight.numel(), 12 * pair)

    def total(self, work: Work) -> float:
        """Return the FLOPs of some work."""
        return float(self.of_input * work.inputs + self.of_label * work.labels + self.of_pair * work.pairs)


class Utilisation:
    """The share of one process's device that its work takes, since the last report.

    Parameters
    ----------
    flops : ModelFlops
    stream : BatchSource
        Counts the work that this process was given.
    device : torch.device
    dtype : torch.dtype
        What matrices are multiplied in.
    peak_tflops : float, optional
        What the device can do, in 10**12 FLOP/s; measured when it is first asked for if not given.
    """

    def __init__(
        self,
        flops: ModelFlops,
        stream: BatchSource,
        device: torch.device,
        dtype: torch.dtype,
        peak_tflops: float | None = None,
    ) -> None:
        self._flops, self._stream, self._device, self._dtype, self._given = flops, stream, device, dtype, peak_tflops
        self._pace, self._before = Pace(), stream.work

    @cached_property
    def peak(self) -> float:
        """What the device can do, in FLOP/s."""
        return self._given * _TERA if self._given else measured_peak(self._device, self._dtype)

    def report(self) -> float:
        """Return the share, and begin a new interval; NaN before any time has passed."""
        work = self._stream.work
        self._pace.count(self._flops.total(work - self._before))
        share = self._pace.rate / self.peak
        self._before = work
        self._pace.begin_interval()
        return share


def measured_peak(device: torch.device, dtype: torch.dtype) -> float:
    """Return the FLOP/s of the best of a few products of square matrices, on the threads that are set.

    It takes 0.02 s on a GPU and a few tenths of a second on a CPU. What else runs there lowers it.
    """
    side = _SIDES.get(device.type, _OTHER_SIDE)
    own = torch.Generator(device=device).manual_seed(0)  # the run's random numbers stay as they are
    a, b = (torch.randn(side, side, device=device, generator=own).to(dtype) for _ in range(2))
    with torch.no_grad():
        a @ b
        best = min(_seconds(a, b) for _ in range(_REPEATS))
    return 2.0 * side**3 / best


def _seconds(a: torch.Tensor, b: torch.Tensor) -> float:
    if a.is_cuda:
        torch.cuda.synchronize(a.device)
    begun = time.perf_counter()
    a @ b
    if a.is_cuda:
        torch.cuda.synchronize(a.device)
    return max(time.perf_counter() - begun, 1e-9)
