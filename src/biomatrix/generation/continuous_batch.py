"""Rows that are written together while others join and leave.

A step reads the token that each row chose last, reads some more of the prompts of those that came, lets those whose
prompts have been read join, and chooses the next token of every row.

What a row writes depends only on its own prompt, guide, sampling, sample number and draft: the same operations are done
for it whoever stands beside it. But a matrix product of another shape may add in another order: logits agree to a few
units in the last place, and a draw would differ where its uniform number falls that close to the boundary between two
ids: at one token the chance is the error of its probabilities, about 1e-6 in single precision.

Legend of shapes: R rows, D hidden size.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.generation.continuous_groups import Numbered, RunningGroups
from biomatrix.generation.continuous_states import Prompt, PromptReading, ReadPrompt, continuous_states
from biomatrix.generation.grouping import HeadTable
from biomatrix.generation.jobs import Job
from biomatrix.generation.row_states import closed_up
from biomatrix.generation.rows import Step

PROMPT_TOKENS: Final = 512
"""Tokens of prompts that are read between two steps of the rows that are being written."""
_UNLIKE: Final = 2
"""Prompts are read together where the longest has at most so many times the tokens of the shortest."""


class NewcomersFailed(Exception):
    """The prompts of these rows could not be read; the rows that are being written are as they were."""

    def __init__(self, numbers: Collection[int]) -> None:
        super().__init__("the network failed on their prompts")
        self.numbers = numbers


@dataclass(frozen=True)
class Stepped:
    """What a step came to.

    Parameters
    ----------
    steps : list of Step
        What rows chose; the numbers of the rows are in place of jobs.
    failed : dict of int to Exception
        The rows whose guide raised, which have left.
    """

    steps: list[Step] = field(default_factory=list)
    failed: dict[int, Exception] = field(default_factory=dict)

    @property
    def tokens(self) -> int:
        """How many were chosen."""
        return sum(len(step.ids) for step in self.steps)


@dataclass(eq=False)
class _Newcomers:
    """Rows whose prompts are being read."""

    reading: PromptReading
    rows: list[Numbered]


class ContinuousBatch:
    """The running rows of a network; for one thread, in inference mode.

    Parameters
    ----------
    heads : HeadTable
        Of the network.
    prompt_tokens : int, optional
        Tokens of prompts that are read between two steps, more or less; all that there are when not given.
    guides : context manager, optional
        Held while guides are asked, where other threads ask them too; it may be entered again and again.
    """

    def __init__(
        self,
        heads: HeadTable,
        prompt_tokens: int | None = None,
        guides: AbstractContextManager[Any] | None = None,
    ) -> None:
        self._heads, self._prompt_tokens = heads, prompt_tokens
        self._guides: AbstractContextManager[Any] = nullcontext() if guides is None else guides
        self.network = heads.last.network
        self._states = continuous_states(heads.last)
        self._groups = RunningGroups(heads)
        self._ids = np.empty(0, dtype=np.int64)
        """What each running row chose last, to be read."""
        self._came: list[_Newcomers] = []
        self._ready: list[tuple[int, Job, ReadPrompt]] = []
        """Rows whose prompts have been read."""
        self._turn = 0

    def __len__(self) -> int:
        return len(self._ids) + len(self._ready) + sum(len(came.rows) for came in self._came)

    @property
    def can_join(self) -> bool:
        """Whether rows may come now: at any time, or where the network's cache cannot be joined, when none is left."""
        return self._states.can_join or not len(self)

    def add(self, rows: Sequence[Numbered]) -> None:
        """Let rows come.

        Parameters
        ----------
        rows : sequence of (int, Job)
            Numbers that no other row of the batch has, and what each writes.
        """
        new: dict[Prompt, list[Numbered]] = {}
        for number, job in rows:
            known = self._states.known(job.prompt)
            if known is None:
                new.setdefault(job.prompt, []).append((number, job))
            else:
                self._ready.append((number, job, known))
        for prompts in self._read_together(sorted(new, key=len)):
            members = [each for prompt in prompts for each in new[prompt]]
            self._came.append(_Newcomers(PromptReading(self._heads.last, prompts), members))

    def step(self) -> Stepped:
        """Do a step; rows that are complete leave.

        Raises
        ------
        NewcomersFailed
            The network failed on prompts; nothing else has been done.
        Exception
            The network failed on the running rows; the batch is of no more use.
        """
        self._read_prompts()
        hidden = [self._states.read(self._ids)] if len(self._ids) else []
        if self._ready:
            hidden.append(torch.stack([read.hidden for _, _, read in self._ready]))
            self._join()
        if not hidden:
            return Stepped()
        with self._guides:
            return self._choose(torch.cat(hidden))

    def leave(self, numbers: Collection[int]) -> None:
        """Let rows go, wherever they are."""
        self._ready = [each for each in self._ready if each[0] not in numbers]
        for came in self._came:
            came.rows = [each for each in came.rows if each[0] not in numbers]
        self._came = [came for came in self._came if came.rows]
        kept = np.ones(len(self._ids), dtype=np.bool_)
        kept[self._groups.where(numbers)] = False
        self._keep(kept)

    # Prompts

    def _read_together(self, prompts: Sequence[Prompt]) -> list[list[Prompt]]:
        """Return prompts, the shortest first, by what is read together."""
        most = self._prompt_tokens
        if most is None or not self._states.can_join:
            return [list(prompts)] if prompts else []
        parts: list[list[Prompt]] = []
        for prompt in prompts:
            fits = parts and len(prompt) * (len(parts[-1]) + 1) <= most and len(prompt) <= _UNLIKE * len(parts[-1][0])
            if fits:
                parts[-1].append(prompt)
            else:
                parts.append([prompt])
        return parts

    def _read_prompts(self) -> None:
        """Read a piece of what came: in turns of the one that is done soonest and of the one that came first."""
        if not self._came:
            return
        self._turn += 1
        came = min(self._came, key=lambda each: each.reading.left) if self._turn % 2 else self._came[0]
        try:
            came.reading.read(self._prompt_tokens if self._states.can_join else None)
        except Exception as error:
            self._came.remove(came)
            raise NewcomersFailed([number for number, _ in came.rows]) from error
        if not came.reading.left:
            self._came.remove(came)
            read = self._states.take(came.reading)
            self._ready += [(number, job, read[job.prompt]) for number, job in came.rows]

    def _join(self) -> None:
        """Let the rows whose prompts have been read join the others."""
        first = len(self._ids)
        self._states.join([read for _, _, read in self._ready])
        self._groups.join([(number, job) for number, job, _ in self._ready], first)
        self._ids = np.zeros(first + len(self._ready), dtype=np.int64)
        self._ready = []

    # Steps

    def _choose(self, hidden: Tensor) -> Stepped:
        """Choose the next token of every row."""
        stepped = Stepped()
        kept = np.zeros(len(hidden), dtype=np.bool_)
        for places, step in self._groups.step(hidden, stepped.failed):
            stepped.steps.append(step)
            self._ids[places] = step.ids
            kept[places] = ~step.last
        self._keep(kept)
        return stepped

    def _keep(self, kept: NDArray[np.bool_]) -> None:
        """Let rows leave; those that stay take the places that become free."""
        if kept.all():
            return
        order = closed_up(kept)
        new = np.full(len(kept), -1)
        new[order] = np.arange(len(order))
        self._groups.keep(new)
        self._states.keep(order)
        self._ids = self._ids[order]
