"""Constraints for vLLM's first model runner: its logits processor is told how the rows of the batch change.

``LLM(model, logits_processors=[processor_name("v1")])``; the class is made when its name is looked up, since its base
comes from vLLM. Written against ``vllm.v1.sample.logits_processor.LogitsProcessor`` of vLLM 0.10 to 0.33.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from biomatrix.generation.adapters.prefix_states import Course
from biomatrix.generation.adapters.vllm_base import class_over
from biomatrix.generation.adapters.vllm_rows import GuidedRows, check_parameters


class ConstraintRows:
    """The processor without its base class; its methods are those of vLLM's interface.

    Parameters
    ----------
    vllm_config : VllmConfig
        Names the model.
    device : torch.device
        Where the logits will be; they say so themselves.
    is_pin_memory : bool
        Not used: masks are made once and stay on the device.
    """

    def __init__(self, vllm_config: Any, device: Any, is_pin_memory: bool) -> None:
        self._guided = GuidedRows(vllm_config)
        self._rows: dict[int, tuple[Course, Sequence[int]]] = {}

    @classmethod
    def validate_params(cls, sampling_params: Any) -> None:
        """Raise ValueError where a request's description cannot be read."""
        check_parameters(sampling_params)

    def is_argmax_invariant(self) -> bool:
        """Return False: what may not be written may be the likeliest."""
        return False

    def needs_output_token_ids(self) -> bool:
        """Return True: with asynchronous scheduling, the lists of ids then hold the real ones."""
        return True

    def update_state(self, batch_update: Any) -> None:
        """Take note of rows that left, came and moved, in this order; None where none did.

        The list of ids that a new row brings is the one that vLLM appends to, so that it is always current.
        """
        if batch_update is None:
            return
        for row in batch_update.removed:
            self._rows.pop(row, None)
        for row, parameters, _, written in batch_update.added:
            course = self._guided.course(parameters)
            self._rows.pop(row, None)
            if course is not None:
                self._rows[row] = course, written
        for source, target, direction in batch_update.moved:
            moving, replaced = self._rows.pop(source, None), self._rows.pop(target, None)
            if moving is not None:
                self._rows[target] = moving
            if replaced is not None and direction.name == "SWAP":
                self._rows[source] = replaced

    def apply(self, logits: Tensor) -> Tensor:
        """Return the logits ``[R, V]`` of the batch, narrowed in place."""
        rows = sorted(self._rows)
        courses = [self._rows[row][0] for row in rows]
        written = [np.array(self._rows[row][1], dtype=np.int64) for row in rows]
        self._guided.narrow(logits, rows, courses, written)
        return logits


def __getattr__(name: str) -> Any:
    if name != "ConstraintProcessor":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return class_over(ConstraintRows, "vllm.v1.sample.logits_processor")
