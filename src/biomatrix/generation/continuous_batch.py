"""Rows that are written together while others join and leave.

A step reads the token that each row chose last, reads some more of the prompts of those that came, lets those whose
prompts have been read join, and chooses the next token of every row.

What a row writes depends only on its own prompt, guide, sampling, sample number and draft: the same operations are done
for it whoever stands beside it. But a matrix product of another shape may add in another order: logits agree to a few
units in the last place, and a draw would differ where its uniform number falls within that of the boundary between two
ids, once in about a million tokens in single precision.

Legend of shapes: R rows, D hidden size.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, fields
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.generation.continuous_states import Prompt, PromptReading, ReadPrompt, continuous_states
from biomatrix.generation.grouping import HeadTable
from biomatrix.generation.jobs import Job
from biomatrix.generation.row_states import closed_up
from biomatrix.generation.rows import Rows, Step
from biomatrix.generation.transfers import sent

Numbered = tuple[int, Job]
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
class _Group:
    """The rows that share a head.

    Parameters
    ----------
    rows : Rows
    places : ndarray, shape=(R,), dtype=int64
        Of each row in the batch.
    candidates : ndarray, shape=(n,), dtype=int64
        Of all guides together.
    fewest : int
        Candidates of the guide that has the fewest.
    """

    rows: Rows
    places: NDArray[np.int64]
    candidates: NDArray[np.int64]
    fewest: int


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
        self._groups: list[_Group] = []
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
        for group in self._groups:
            kept[group.places] = ~np.isin(group.rows.numbers, list(numbers))
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
        """Read a piece of what came: of the one that is done soonest, and every other time of the one that came first.

        Where nobody is being written, nobody waits, and one whole reading is done.
        """
        while self._came:
            self._turn += 1
            number = 0
            if self._turn % 2:
                number = min(range(len(self._came)), key=lambda each: self._came[each].reading.left)
            came = self._came[number]
            try:
                came.reading.read(self._prompt_tokens)
            except Exception as error:
                del self._came[number]
                raise NewcomersFailed([each for each, _ in came.rows]) from error
            if not came.reading.left:
                del self._came[number]
                read = self._states.take(came.reading)
                self._ready += [(each, job, read[job.prompt]) for each, job in came.rows]
            if len(self._ids) or self._ready:
                return

    def _join(self) -> None:
        """Let the rows whose prompts have been read join the others."""
        first = len(self._ids)
        self._states.join([read for _, _, read in self._ready])
        by_guide: dict[int, list[tuple[int, Numbered]]] = {}
        for place, (number, job, _) in enumerate(self._ready, start=first):
            by_guide.setdefault(id(job.guide), []).append((place, (number, job)))
        for members in by_guide.values():
            self._place([place for place, _ in members], [each for _, each in members])
        self._ids = np.zeros(first + len(self._ready), dtype=np.int64)
        self._ready = []

    def _place(self, places: Sequence[int], rows: Sequence[Numbered]) -> None:
        """Put rows of one guide among those that share a head, whose candidates may grow."""
        ids = rows[0][1].guide.ids
        at = np.array(places)
        for group in self._groups:
            candidates = self._heads.shared(group.candidates, ids, group.fewest)
            if candidates is None:
                continue
            if candidates is not group.candidates:
                group.candidates, group.rows.head = candidates, self._heads.head(candidates)
            group.fewest = min(group.fewest, len(ids))
            order = group.rows.join(Rows(group.rows.head, rows))
            group.places = np.concatenate([group.places, at])[order]
            return
        self._groups.append(_Group(Rows(self._heads.head(ids), rows), at, ids, len(ids)))

    # Steps

    def _choose(self, hidden: Tensor) -> Stepped:
        """Choose the next token of every row."""
        stepped = Stepped()
        kept = np.zeros(len(hidden), dtype=np.bool_)
        for group in self._groups:
            step = _step_of(group, _rows_of(hidden, group.places), stepped.failed)
            stepped.steps.append(step)
            self._ids[group.places] = step.ids
            kept[group.places] = ~step.last
        self._keep(kept)
        return stepped

    def _keep(self, kept: NDArray[np.bool_]) -> None:
        """Let the other rows leave their groups, and those that stay take the places that become free."""
        if kept.all():
            return
        for group in self._groups:
            stays = kept[group.places]
            if not stays.all():
                group.rows.keep(stays)
                group.places = group.places[stays]
        order = closed_up(kept)
        self._states.keep(order)
        self._ids = self._ids[order]
        new = np.empty(len(kept), dtype=np.int64)
        new[order] = np.arange(len(order))
        self._groups = [group for group in self._groups if len(group.rows)]
        for group in self._groups:
            group.places = new[group.places]


def _rows_of(hidden: Tensor, places: NDArray[np.int64]) -> Tensor:
    """Return the hidden states of a group."""
    if len(places) == len(hidden) and (np.diff(places) == 1).all():
        return hidden
    return hidden[sent(places, hidden.device)]


def _step_of(group: _Group, hidden: Tensor, failed: dict[int, Exception]) -> Step:
    """Step the rows of a group; those whose guide raises leave it and are added to ``failed``."""
    try:
        return group.rows.step(hidden)
    except Exception:  # noqa: BLE001 - whatever a guide raises, it is its caller's
        return _step_each(group, hidden, failed)


def _step_each(group: _Group, hidden: Tensor, failed: dict[int, Exception]) -> Step:
    """Step the rows of a group one by one, to see which of them it is."""
    sound = []
    for row, number in enumerate(group.rows.numbers.tolist()):
        part = group.rows.part(row)
        try:
            sound.append((row, part, part.step(hidden[row : row + 1])))
        except Exception as error:  # noqa: BLE001 - as above
            failed[number] = error
    places = np.array([row for row, _, _ in sound], dtype=np.int64)
    group.places = group.places[places]
    if not sound:
        group.rows.keep(np.zeros(len(group.rows), dtype=np.bool_))
        return Step(*(np.empty(0, dtype=kind) for kind in (np.int64, np.int64, np.float64, bool, bool, bool)))
    group.rows = sound[0][1]
    for _, part, _ in sound[1:]:
        group.rows.join(part)
    columns = (np.concatenate([getattr(step, each.name) for _, _, step in sound]) for each in fields(Step))
    return Step(*columns)
