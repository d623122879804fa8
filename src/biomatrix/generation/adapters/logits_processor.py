"""Constrained answers from stock Transformers: a logits processor for ``model.generate``.

>>> from transformers import AutoModelForCausalLM  # doctest: +SKIP
>>> network = AutoModelForCausalLM.from_pretrained(folder)  # doctest: +SKIP
>>> processor, inputs = constrained_inputs(vocabulary, Request("Make one.", "molecule_selfies"), 2048)  # doctest: +SKIP
>>> sequences = network.generate(**inputs, logits_processor=[processor])  # doctest: +SKIP
>>> vocabulary.decode(processor.answers(sequences)[0])  # doctest: +SKIP

Legend of shapes: B requests, R rows (samples and beams of each request are next to each other), T tokens, V logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import LogitsProcessor

from biomatrix.errors import ConfigurationError
from biomatrix.generation.adapters.prefix_states import Course, Place, PrefixStates, Written
from biomatrix.generation.adapters.vocabulary_masks import VocabularyMasks
from biomatrix.generation.planning import Planner
from biomatrix.generation.requests import Request
from biomatrix.generation.row_states import left_padded
from biomatrix.generation.sampling import Sampling
from biomatrix.generation.text_automaton import TextAutomaton
from biomatrix.vocabulary.vocabulary import Vocabulary


class ConstraintLogitsProcessor(LogitsProcessor):
    """Sets the logits of all ids that may not come next to minus infinity.

    Nothing is remembered by row, so beams may be reordered and repeated. Where a beam search is left with fewer
    continuations than beams it fills up with some of probability 0; their score is minus infinity.

    Parameters
    ----------
    courses : sequence of Course, length=B
        What each request keeps to.
    prompt_length : int
        Tokens of the prompts, padding on the left included.
    stop_ids : sequence of int
        What a row writes once it has finished: the ids that end an answer for ``generate``.
    openings : sequence of tuple of int, length=B, optional
        The ids at the end of each prompt that belong to the answer.
    """

    def __init__(
        self,
        courses: Sequence[Course],
        prompt_length: int,
        stop_ids: Sequence[int],
        openings: Sequence[tuple[int, ...]] | None = None,
    ) -> None:
        if not stop_ids:
            raise ConfigurationError("name at least one id that ends an answer: finished rows have to write something")
        self._courses = list(courses)
        self._prompt_length = prompt_length
        self._stop_ids = tuple(stop_ids)
        self._openings = list(openings) if openings is not None else [()] * len(self._courses)
        self._states = PrefixStates()
        self._masks: VocabularyMasks | None = None

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Return the scores, float ``[R, V]``, minus infinity for what may not follow the ids, int ``[R, T]``."""
        width, device = scores.shape[1], scores.device
        if self._masks is None or (self._masks.width, self._masks.device) != (width, device):
            self._masks = VocabularyMasks(width, self._stop_ids, device)
        return self._masks.narrow(scores, self._places(input_ids))

    def answers(self, sequences: Tensor) -> list[tuple[int, ...]]:
        """Return what each row of the output of ``generate``, int ``[R, T]``, wrote up to where its guide finished.

        The start token that a request for a modality begins with is part of it, so that ``vocabulary.decode`` reads it;
        the token that ends the turn and padding are not.
        """
        repeats = self._repeats(len(sequences))
        answers = []
        for row, ids in enumerate(self._written(sequences)):
            course = self._courses[row // repeats]
            answers.append((*self._openings[row // repeats], *ids[: _end(course, ids)].tolist()))
        return answers

    def _places(self, input_ids: Tensor) -> list[Place]:
        repeats = self._repeats(len(input_ids))
        courses = [course for course in self._courses for _ in range(repeats)]
        written = self._written(input_ids)
        places = self._states.places(courses, written)
        pairs = zip(places, courses, written, strict=True)
        return [place.stopped() if len(ids) >= course.budget else place for place, course, ids in pairs]

    def _written(self, input_ids: Tensor) -> list[Written]:
        return list(input_ids[:, self._prompt_length :].cpu().numpy().astype(np.int64))

    def _repeats(self, rows: int) -> int:
        if rows % len(self._courses):
            raise ConfigurationError(f"{rows} rows are no multiple of the {len(self._courses)} prompts")
        return rows // len(self._courses)


def constrained_inputs(
    vocabulary: Vocabulary, requests: Request | Sequence[Request], context_length: int
) -> tuple[ConstraintLogitsProcessor, dict[str, Any]]:
    """Return a logits processor, and the keyword arguments with which ``network.generate`` answers requests.

    Parameters
    ----------
    vocabulary : Vocabulary
        Of the network.
    requests : Request or sequence of Request
        Written together; ``generate`` has one way of sampling and one number of answers for all of them.
    context_length : int
        The most tokens of prompt and answer together.

    Returns
    -------
    processor : ConstraintLogitsProcessor
        For ``logits_processor=[processor]``. It belongs to these requests.
    inputs : dict
        ``input_ids`` and ``attention_mask``, int64 [B, T]; ends, the longest answer, and the sampling. Further
        arguments, such as ``num_beams``, may be added. The seed is Transformers' own: ``torch.manual_seed``.

    Raises
    ------
    ConfigurationError
        The requests differ in sampling or number of answers, one cannot be met, or the tokenizer names no end token.
    """
    each = [requests] if isinstance(requests, Request) else list(requests)
    if not each:
        raise ConfigurationError("there is no request to answer")
    stops = vocabulary.ending_ids
    if not stops:
        raise ConfigurationError("the tokenizer names no token that ends an answer, which generate() needs")
    planner = Planner(vocabulary, TextAutomaton.from_vocabulary(vocabulary), context_length)
    plans = [planner.plan(request) for request in each]
    jobs = [plan.jobs[0] for plan in plans]
    ids, mask = left_padded([job.prompt for job in jobs], torch.device("cpu"))
    pad = vocabulary.pad_id
    pad = stops[0] if pad is None else pad
    inputs = {
        "input_ids": ids.masked_fill(mask == 0, pad),
        "attention_mask": mask,
        "max_new_tokens": max(job.budget for job in jobs) + 1,  # one for the token that ends the turn
        "eos_token_id": stops,
        "pad_token_id": pad,
        **_sampling(each),
    }
    courses = [Course(job.guide, job.state, job.budget) for job in jobs]
    openings = [plan.opening for plan in plans]
    return ConstraintLogitsProcessor(courses, ids.shape[1], stops, openings), inputs


def _sampling(requests: Sequence[Request]) -> dict[str, Any]:
    """Return the arguments of the one way in which all requests sample."""
    first = requests[0]
    for number, request in enumerate(requests, start=1):
        same = replace(request.sampling, seed=0) == replace(first.sampling, seed=0)
        if not same or request.num_samples != first.num_samples:
            raise ConfigurationError(
                "generate() has one temperature, top_p and number of answers for a batch; ask in batches of one kind",
                record=number,
            )
    sampling: Sampling = first.sampling
    if sampling.is_greedy:
        if first.num_samples > 1:
            raise ConfigurationError("greedy answers do not differ; ask for one")
        # None: the values of the model's generation_config would only give rise to a warning
        return {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
    chosen = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
    return {**chosen, "num_return_sequences": first.num_samples}


def _end(course: Course, ids: Written) -> int:
    """Return how many ids a row wrote until its guide finished, its budget was spent, or one was not allowed."""
    states = PrefixStates()
    for length in range(min(len(ids), course.budget) + 1):
        place = states.places([course], [ids[:length]])[0]
        if place.finished or place.state is None:
            return length if place.finished else length - 1
    return min(len(ids), course.budget)
