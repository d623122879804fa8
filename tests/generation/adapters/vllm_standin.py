"""As much of vLLM as its logits processors see: the interfaces under their own names, and batches that change.

The runners below write one token of every request in a step, with the real logits of a network, and hand the processor
what vLLM's two model runners hand it: rows that come, leave, are moved into holes and swapped; slots that are used
again; rows in any order, and several for a request whose next tokens were drafted.
"""

from __future__ import annotations

import random
import sys
import types
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor


class MoveDirectionality(Enum):
    UNIDIRECTIONAL = auto()
    SWAP = auto()


@dataclass(frozen=True)
class BatchUpdate:
    """``added``: (row, parameters, prompt ids, the list of output ids that grows); ``moved``: (from, to, direction)."""

    batch_size: int
    removed: Sequence[int]
    added: Sequence[tuple[int, Any, list[int] | None, list[int]]]
    moved: Sequence[tuple[int, int, MoveDirectionality]]


class LogitsProcessorV1(ABC):
    @classmethod
    def validate_params(cls, sampling_params: Any) -> None:
        return None

    @abstractmethod
    def __init__(self, vllm_config: Any, device: torch.device, is_pin_memory: bool) -> None: ...

    @abstractmethod
    def apply(self, logits: Tensor) -> Tensor: ...

    @abstractmethod
    def is_argmax_invariant(self) -> bool: ...

    @abstractmethod
    def update_state(self, batch_update: BatchUpdate | None) -> None: ...


class LogitsProcessorV2(ABC):
    def __init__(self, vllm_config: Any, req_states: Any) -> None:
        return None

    @classmethod
    def validate_params(cls, sampling_params: Any) -> None:
        return None

    def add_request(self, req_idx: int, sampling_params: Any) -> bool:
        return True

    def apply_staged_writes(self) -> None:
        return None

    @abstractmethod
    def apply(self, logits: Tensor, ctx: Any) -> Tensor: ...


HOMES = {
    "vllm.v1.sample.logits_processor": LogitsProcessorV1,
    "vllm.v1.worker.gpu.sample.logits_processor.interface": LogitsProcessorV2,
}


@contextmanager
def installed(*homes: str) -> Iterator[None]:
    """Let these modules of vLLM be imported, and no others."""
    names = {"vllm", *(home.rsplit(".", n)[0] for home in homes for n in range(home.count(".") + 1))}
    before = {name: sys.modules.get(name) for name in names}
    for name in sorted(names):
        module = types.ModuleType(name)
        module.__path__ = []
        module.__spec__ = ModuleSpec(name, None)
        sys.modules[name] = module
        if name in HOMES:
            module.LogitsProcessor = HOMES[name]  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for name, module_before in before.items():
            sys.modules.pop(name)
            if module_before is not None:
                sys.modules[name] = module_before


def loaded(name: str) -> Any:
    """Return the class of a fully qualified name, as vLLM loads it."""
    module, qualified = name.split(":")
    found = getattr(import_module(module), qualified)
    assert isinstance(found, type)
    return found


@dataclass
class Parameters:
    """The sampling parameters that a processor reads."""

    extra_args: dict[str, Any] | None


@dataclass
class Running:
    """One request: it stops once it wrote a stop id, or its budget."""

    prompt: list[int]
    parameters: Parameters
    stop_ids: frozenset[int]
    budget: int
    written: list[int] = field(default_factory=list)

    @property
    def over(self) -> bool:
        return len(self.written) >= self.budget or bool(self.written and self.written[-1] in self.stop_ids)


Logits = Callable[[Sequence[int]], Tensor]
"""Of every position of a document, ``float32 [T, V]``."""


class RunnerV1:
    """A batch of rows without holes, as the first model runner keeps it."""

    def __init__(self, processor: Any, logits: Logits, most_rows: int, seed: int) -> None:
        self.processor, self.logits, self.most_rows = processor, logits, most_rows
        self.rows: list[Running] = []
        self.random = random.Random(seed)
        self.kinds_of_change: set[str] = set()

    def run(self, waiting: list[Running]) -> None:
        waiting = list(waiting)
        while waiting or self.rows:
            self._update(waiting)
            if not self.rows:
                continue
            logits = self.processor.apply(torch.stack([self.logits([*r.prompt, *r.written])[-1] for r in self.rows]))
            for row, one in enumerate(self.rows):
                one.written.append(int(logits[row].argmax()))

    def _update(self, waiting: list[Running]) -> None:
        left = {row for row, one in enumerate(self.rows) if one.over}
        preempted = {row for row in range(len(self.rows)) if row not in left and self.random.random() < 0.05}
        waiting += [self.rows[row] for row in sorted(preempted)]
        holes = sorted(left | preempted)
        batch: dict[int, Running] = {row: one for row, one in enumerate(self.rows) if row not in holes}
        added, moved = [], []
        while waiting and len(batch) < self.most_rows and self.random.random() < 0.7:
            new = waiting.pop(0)
            row = holes.pop(0) if holes else max(batch, default=-1) + 1
            batch[row] = new
            added.append((row, new.parameters, new.prompt, new.written))
        while holes and batch and max(batch) > holes[0]:  # a row moved into a hole replaces what was there
            last, hole = max(batch), holes.pop(0)
            batch[hole] = batch.pop(last)
            moved.append((last, hole, MoveDirectionality.UNIDIRECTIONAL))
        removed = sorted(holes, reverse=True)
        if len(batch) > 1 and self.random.random() < 0.5:
            one, other = self.random.sample(sorted(batch), 2)
            batch[one], batch[other] = batch[other], batch[one]
            moved.append((one, other, MoveDirectionality.SWAP))
        self.rows = [batch[row] for row in range(len(batch))]
        changes = {"removed": removed, "added": added, "moved": moved}
        self.kinds_of_change |= {name for name, each in changes.items() if each}
        self.kinds_of_change |= {direction.name for *_, direction in moved}
        update = BatchUpdate(len(batch), removed, added, moved) if any(changes.values()) else None
        self.processor.update_state(update)


class RunnerV2:
    """Slots that are used again, and rows in any order, several for a request whose tokens were drafted."""

    def __init__(
        self, load: Callable[[Any], Any], logits: Logits, slots: int, width: int, seed: int, most_drafts: int
    ) -> None:
        self.logits, self.most_drafts = logits, most_drafts
        self.slots: dict[int, Running] = {}
        self.free = list(range(slots))
        self.random = random.Random(seed)
        self.tokens = torch.zeros(slots, 2048, dtype=torch.int32)
        self.prompt_lengths = np.zeros(slots, dtype=np.int32)
        self.state = SimpleNamespace(
            device=torch.device("cpu"),
            max_num_reqs=slots,
            vocab_size=width,
            all_token_ids=SimpleNamespace(gpu=self.tokens),
            prompt_len=SimpleNamespace(np=self.prompt_lengths),
        )
        self.processor = load(self.state)
        self.accepted = self.drafted = 0

    def run(self, waiting: list[Running]) -> None:
        waiting = list(waiting)
        while waiting or self.slots:
            while waiting and self.free and self.random.random() < 0.8:
                self._add(waiting.pop(0))
            if self.slots:
                self.processor.apply_staged_writes()
                self._step()
            for slot in [slot for slot, one in self.slots.items() if one.over]:
                del self.slots[slot]
                self.free.insert(0, slot)

    def _add(self, new: Running) -> None:
        slot = self.free.pop(0)
        self.slots[slot] = new
        self.tokens[slot] = -1
        self.tokens[slot, : len(new.prompt)] = torch.tensor(new.prompt)
        self.prompt_lengths[slot] = len(new.prompt)
        self.processor.add_request(slot, new.parameters)

    def _step(self) -> None:
        order = self.random.sample(sorted(self.slots), len(self.slots))
        rows: list[tuple[int, int, int, int]] = []
        logits, drafts = [], {}
        for slot in order:
            one = self.slots[slot]
            stands = [*one.prompt, *one.written]
            drafts[slot] = self._drafts(stands, one.budget - len(one.written) - 1)
            document = [*stands, *drafts[slot]]
            each = self.logits(document)
            for offset in range(len(drafts[slot]) + 1):
                at = len(stands) - 1 + offset
                rows.append((slot, offset, document[at], at))
                logits.append(each[at])
        slot_of, offsets, inputs, positions = (torch.tensor(column) for column in zip(*rows, strict=True))
        context = SimpleNamespace(
            expanded_idx_mapping=slot_of,
            idx_mapping=torch.tensor(order),
            idx_mapping_np=np.array(order),
            expanded_local_pos=offsets,
            input_ids=inputs,
            pos=positions,
        )
        narrowed = self.processor.apply(torch.stack(logits), context)
        row = 0
        for slot in order:
            self._accept(slot, drafts[slot], narrowed[row : row + len(drafts[slot]) + 1])
            row += len(drafts[slot]) + 1

    def _drafts(self, stands: list[int], most: int) -> list[int]:
        """Return tokens that may be right: the network's own favourites, and now and then a wild guess."""
        drafts: list[int] = []
        for _ in range(min(most, self.random.randint(0, self.most_drafts))):
            guess = int(self.logits([*stands, *drafts])[-1].argmax())
            drafts.append(guess if self.random.random() < 0.8 else self.random.randrange(1900))
        self.drafted += len(drafts)
        return drafts

    def _accept(self, slot: int, drafts: list[int], logits: Tensor) -> None:
        """Keep the drafts that greedy writing would have written, and the token after the last of them."""
        one = self.slots[slot]
        for offset in range(len(drafts) + 1):
            best = int(logits[offset].argmax())
            self.tokens[slot, len(one.prompt) + len(one.written)] = best
            one.written.append(best)
            if one.over or offset == len(drafts) or best != drafts[offset]:
                return
            self.accepted += 1
