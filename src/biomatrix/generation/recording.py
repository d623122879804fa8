"""Operations of a GPU, recorded once and told to it as one command from then on (CUDA graphs)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


class Recorder:
    """Records operations over tensors that stay where they are, one recording used at a time.

    Where all its recordings have been dropped, no more can be made: take another recorder.

    Parameters
    ----------
    device : torch.device
        On any but a CUDA device nothing is recorded: the operations are done anew each time.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._on_gpu = device.type == "cuda"
        self._stream: Any = torch.cuda.Stream(device) if self._on_gpu else None  # type: ignore[no-untyped-call]
        self._pool: Any = torch.cuda.graph_pool_handle() if self._on_gpu else None
        """The memory of what lies between, shared by all recordings."""

    def record(self, run: Callable[[], None], warm: Callable[[], object] | None = None) -> Callable[[], None]:
        """Return what does the operations of ``run``, which are not done yet.

        Parameters
        ----------
        run : callable
            Writes what it finds to tensors that it does not make.
        warm : callable, optional
            Done once before, so that libraries make themselves ready: ``run`` without what must not be done twice.
        """
        if not self._on_gpu:
            return run
        current = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            (warm or run)()
            torch.cuda.synchronize(self._device)
            graph = torch.cuda.CUDAGraph()
            graph.capture_begin(pool=self._pool, capture_error_mode="thread_local")
            run()
            graph.capture_end()
        current.wait_stream(self._stream)
        return graph.replay
