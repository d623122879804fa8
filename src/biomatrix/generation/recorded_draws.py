"""Draws that a GPU is told of as one command.

A draw is fifty short operations: among the few thousand ids of a modality, telling a GPU of them takes longer than the
network of a small model.

Legend of shapes: R rows, N candidate ids.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.generation.drawing import Masks, RowSettings, choose, choose_each
from biomatrix.generation.recording import Recorder

_MOST: Final = 1 << 24
"""The most logits of a recorded draw; more take so long that telling of them does not matter."""
_MOST_DRAWS: Final = 32
"""The most recordings that are kept."""


class RecordedDraws:
    """Draws by the number of their rows, a power of two, and of candidates.

    Parameters
    ----------
    device : torch.device
        Of the logits.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._recorder = Recorder(device)
        self._drawn: dict[tuple[int, int], _Draw] = {}

    def choose(
        self, logits: Tensor, masks: Masks | None, uniforms: NDArray[np.float64], settings: RowSettings
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Choose one candidate for each row; see :func:`biomatrix.generation.drawing.choose`."""
        count, width = logits.shape
        rows = 1 << (count - 1).bit_length()
        if rows * width > _MOST or settings.have_nucleus:
            return choose(logits, masks, uniforms, settings)
        if (rows, width) not in self._drawn:
            if len(self._drawn) == _MOST_DRAWS:
                self._drawn.clear()
                self._recorder = Recorder(self._device)
            self._drawn[rows, width] = _Draw(self._recorder, rows, width, self._device)
        return self._drawn[rows, width].choose(logits, masks, uniforms, settings)


class _Draw:
    """A recorded draw, and what it reads and writes."""

    def __init__(self, recorder: Recorder, rows: int, width: int, device: torch.device) -> None:
        on_gpu = device.type == "cuda"
        self._device = device
        self._logits = torch.zeros((rows, width), device=device)
        self._forbidden = torch.zeros((rows, width), dtype=torch.bool, device=device)
        self._is_masked = False
        self._given = torch.zeros((4, rows), dtype=torch.int64, device=device)
        """The bits of uniform draws and temperatures, 1 where a row is drawn, and the mask of each row."""
        self._found = torch.zeros((2, rows), dtype=torch.float64, device=device)
        self._sent = torch.zeros((4, rows), dtype=torch.int64, pin_memory=on_gpu)
        self._sent[1].view(torch.float64)[:] = 1.0
        self._fetched = torch.zeros((2, rows), dtype=torch.float64, pin_memory=on_gpu)
        self._given.copy_(self._sent)
        self._draw = recorder.record(self._run)

    def choose(
        self, logits: Tensor, masks: Masks | None, uniforms: NDArray[np.float64], settings: RowSettings
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        count = len(logits)
        self._logits[:count] = logits
        given = self._sent.numpy()
        given[0, :count].view(np.float64)[:] = uniforms
        given[1, :count].view(np.float64)[:] = settings.temperatures
        given[2, :count] = ~settings.greedy
        if masks is not None and masks.numbers is not None:
            given[3, :count] = masks.numbers
        self._given.copy_(self._sent, non_blocking=True)
        self._mask(masks, count)
        self._draw()
        self._fetched.copy_(self._found, non_blocking=True)
        if self._device.type == "cuda":
            torch.cuda.current_stream(self._device).synchronize()
        columns, logprobs = self._fetched.numpy()[:, :count]
        return columns.astype(np.int64), logprobs.copy()

    def _mask(self, masks: Masks | None, count: int) -> None:
        """Write what each row must not choose."""
        if masks is not None and masks.numbers is not None:
            torch.index_select(masks.table, 0, self._given[3, :count], out=self._forbidden[:count])
        elif masks is not None:
            self._forbidden[:] = masks.table
        elif self._is_masked:
            self._forbidden.zero_()
        self._is_masked = masks is not None

    def _run(self) -> None:
        uniforms, temperatures = self._given[:2].view(torch.float64)
        greedy = self._given[2] == 0
        self._found.copy_(choose_each(self._logits, self._forbidden, uniforms, temperatures, greedy))
