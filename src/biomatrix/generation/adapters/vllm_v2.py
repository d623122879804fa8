"""Constraints for vLLM's second model runner: its logits processor reads the tokens of every request from the device.

``LLM(model, logits_processors=[processor_name("v2")])``; the class is made when its name is looked up, since its base
comes from vLLM. Written against ``vllm.v1.worker.gpu.sample.logits_processor.interface`` of vLLM 0.32 and 0.33.

Legend: slots are places of requests, kept while they run; rows are logits of one step, in any order, and several for a
request whose next tokens were drafted by a smaller model.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from biomatrix.generation.adapters.prefix_states import Course, Written
from biomatrix.generation.adapters.vllm_base import class_over
from biomatrix.generation.adapters.vllm_rows import GuidedRows, check_parameters


class ConstraintRows:
    """The processor without its base class; its methods are those of vLLM's interface.

    Parameters
    ----------
    vllm_config : VllmConfig
        Names the model.
    req_states : LogitsProcRequestState
        The tokens of all requests, by slot.
    """

    def __init__(self, vllm_config: Any, req_states: Any) -> None:
        self._guided = GuidedRows(vllm_config)
        self._requests = req_states
        self._slots: dict[int, Course] = {}

    @classmethod
    def validate_params(cls, sampling_params: Any) -> None:
        """Raise ValueError where a request's description cannot be read."""
        check_parameters(sampling_params)

    def add_request(self, req_idx: int, sampling_params: Any) -> bool:
        """Take note of a request in a slot, and forget the one before it; return whether it keeps to anything."""
        self._slots.pop(req_idx, None)
        course = self._guided.course(sampling_params)
        if course is not None:
            self._slots[req_idx] = course
        return course is not None

    def apply_staged_writes(self) -> None:
        """Do nothing: nothing is staged."""

    def apply(self, logits: Tensor, ctx: Any) -> Tensor:
        """Return the logits ``[R, V]`` of the step, narrowed in place."""
        if not any(slot in self._slots for slot in ctx.idx_mapping_np.tolist()):
            return logits
        rows, courses, counts, drafts = self._rows_of(ctx)
        slots = [int(ctx.expanded_idx_mapping[row]) for row in rows]
        self._guided.narrow(logits, rows, courses, self._written(slots, counts, drafts))
        return logits

    def _rows_of(self, ctx: Any) -> tuple[list[int], list[Course], list[int], list[list[int]]]:
        """Return the rows that keep to something: what, how many tokens stand before each, and the drafts behind."""
        slots, ends = ctx.expanded_idx_mapping.tolist(), (ctx.pos + 1).tolist()
        offsets, inputs = ctx.expanded_local_pos.tolist(), ctx.input_ids.tolist()
        found: tuple[list[int], list[Course], list[int], list[list[int]]] = [], [], [], []
        drafts: dict[int, list[int]] = {}
        for row in sorted(range(len(slots)), key=offsets.__getitem__):
            slot = slots[row]
            so_far = drafts[slot] = [*drafts.get(slot, ()), inputs[row]] if offsets[row] else []
            course = self._slots.get(slot)
            # a part of a long prompt may have a row, whose logits nobody reads
            if course is not None and ends[row] >= self._requests.prompt_len.np[slot]:
                for values, value in zip(found, (row, course, ends[row] - len(so_far), so_far), strict=True):
                    values.append(value)  # type: ignore[attr-defined]
        return found

    def _written(self, slots: list[int], counts: list[int], drafts: list[list[int]]) -> list[Written]:
        """Return the ids that requests have written, those that stand and then drafts; one copy from the device."""
        if not slots:
            return []
        tokens = self._requests.all_token_ids.gpu[slots, : max(counts)].cpu().numpy()
        starts = self._requests.prompt_len.np[slots].tolist()
        parts = zip(tokens, starts, counts, drafts, strict=True)
        return [np.concatenate([row[start:stop], draft]).astype(np.int64) for row, start, stop, draft in parts]


def __getattr__(name: str) -> Any:
    if name != "ConstraintProcessor":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return class_over(ConstraintRows, "vllm.v1.worker.gpu.sample.logits_processor.interface")
