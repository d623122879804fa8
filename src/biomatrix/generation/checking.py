"""Answers of engines that cannot be guided: what the guide would not have allowed is refused, and written again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from biomatrix.generation.adapters.prefix_states import Course, PrefixStates
from biomatrix.generation.answers import Answer
from biomatrix.generation.jobs import Written
from biomatrix.generation.planning import Plan
from biomatrix.generation.reading import AnswerReader
from biomatrix.vocabulary.segments import Segment


class CheckingReader(AnswerReader):
    """Reads answers, and holds those in a modality against the guide of their request.

    So an answer that is kept is as one that was written under the guide: whole, in the grammar, of the asked length.
    """

    def refusal(self, answer: Answer) -> str | None:
        """Return why a draft is refused; unlike guided ones, also where it ran on until the budget cut it short."""
        return super().refusal(answer if answer.error is None else replace(answer, finish_reason="stop"))

    def _answer(self, plan: Plan, written: Written, segments: Sequence[Segment]) -> Answer:
        answer = super()._answer(plan, written, segments)
        if answer.error is not None or not plan.request.guided or not plan.request.outputs:
            return answer
        with self._guarded:
            fault = self._fault(plan, written.ids)
        return answer if fault is None else replace(answer, entity=None, error=fault)

    def _fault(self, plan: Plan, ids: Sequence[int]) -> str | None:
        """Return the first id that the guide of a plan does not allow, in words."""
        job = plan.jobs[0]
        course, states = Course(job.guide, job.state, job.budget), PrefixStates()
        row = np.array(ids, dtype=np.int64)
        whole = states.places([course], [row])[0]
        if whole.state is not None:
            return None if whole.finished else f"the {plan.request.outputs[-1]} is not complete"
        prefixes = (row[:length] for length in range(1, len(row) + 1))
        first = next(ids for ids in prefixes if states.places([course], [ids])[0].state is None)
        token = self._vocabulary.text([int(first[-1])])
        return f"{token!r} may not stand at place {len(first)} of the {plan.request.outputs[0]} that was asked for"
