"""What both logits processors of vLLM share: which rows keep to what, and what they may write next.

vLLM loads a processor by name, once, before it knows any request, and each request brings what it asks for as text in
``SamplingParams.extra_args["biomatrix"]`` (over HTTP: ``vllm_xargs``); see
:mod:`biomatrix.generation.adapters.guide_descriptions`. A request without it is left alone.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from torch import Tensor

from biomatrix.entities.automaton import Bounds
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.generation.adapters.guide_descriptions import Courses, described
from biomatrix.generation.adapters.prefix_states import Course, PrefixStates, Written
from biomatrix.generation.adapters.vocabulary_masks import VocabularyMasks
from biomatrix.generation.unguided_automaton import UnguidedAutomaton

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary

_LOGGER = logging.getLogger(__name__)
ARGUMENT: Final = "biomatrix"
"""The key of a request's description."""
PROCESSORS: Final[Mapping[str, str]] = {
    "v1": "biomatrix.generation.adapters.vllm_v1:ConstraintProcessor",
    "v2": "biomatrix.generation.adapters.vllm_v2:ConstraintProcessor",
}
"""The logits processor for each of vLLM's model runners, as ``LLM(logits_processors=[...])`` takes it."""


def processor_name(runner: str) -> str:
    """Return what to give vLLM as a logits processor.

    Parameters
    ----------
    runner : {"v1", "v2"}
        The model runner: "v2" in vLLM of 0.32 and later unless ``VLLM_USE_V2_MODEL_RUNNER=0``, "v1" before.

    Examples
    --------
    >>> processor_name("v1")
    'biomatrix.generation.adapters.vllm_v1:ConstraintProcessor'
    """
    if runner not in PROCESSORS:
        raise ConfigurationError(f"vLLM has no model runner {runner!r}; those known are {', '.join(PROCESSORS)}")
    return PROCESSORS[runner]


def check_parameters(parameters: Any) -> None:
    """Raise ValueError, as vLLM expects, where no model could keep to a request's description.

    vLLM asks this where it admits requests, without saying which model they are for. What only the vocabulary tells,
    such as whether the budget is enough, is found out where the model writes; see :meth:`GuidedRows.course`.
    """
    description = (parameters.extra_args or {}).get(ARGUMENT)
    if description is None:
        return
    try:
        described(description)
    except BioMatrixError as error:
        raise ValueError(str(error)) from error


def _ended(vocabulary: Vocabulary) -> Course:
    """Return a course on which nothing is written."""
    guide = UnguidedAutomaton.from_vocabulary(vocabulary, ())
    return Course(guide, guide.start(Bounds(1)), 0)


class GuidedRows:
    """Narrows rows of logits by what their requests ask for.

    Parameters
    ----------
    vllm_config : VllmConfig
        Names the tokenizer, from which the vocabulary is opened when a request first needs it.
    """

    def __init__(self, vllm_config: Any) -> None:
        self._model = vllm_config.model_config
        self._courses: Courses | None = None
        self._states = PrefixStates()
        self._masks: VocabularyMasks | None = None

    def course(self, parameters: Any) -> Course | None:
        """Return what a request keeps to, by its sampling parameters; None where it asks for nothing.

        A request that this model cannot meet is ended at once, with a warning: an error here would end vLLM itself, and
        the answers of everyone else with it.
        """
        description = (parameters.extra_args or {}).get(ARGUMENT)
        if description is None:
            return None
        if self._courses is None:
            self._courses = Courses(self._open())
        try:
            return self._courses.course(description)
        except BioMatrixError as error:
            _LOGGER.warning("a request is ended before its first token: %s", error)
            return _ended(self._courses.vocabulary)

    def narrow(
        self, logits: Tensor, rows: Sequence[int], courses: Sequence[Course], written: Sequence[Written]
    ) -> None:
        """Set the logits of what rows may not write to minus infinity, in place.

        Parameters
        ----------
        logits : Tensor, shape=(R, V), dtype=float
            Of all rows of the step.
        rows : sequence of int, length=n
            Those that keep to something.
        courses : sequence of Course, length=n
            What they keep to.
        written : sequence of ndarray, shape=(k,), dtype=int64
            The ids each has written.
        """
        if not rows:
            return
        width, device = logits.shape[1], logits.device
        if self._masks is None or (self._masks.width, self._masks.device) != (width, device):
            assert self._courses is not None  # a course came from it
            vocabulary = self._courses.vocabulary
            stops = vocabulary.ending_ids or [vocabulary.end_id(name) for name in vocabulary.modalities[:1]]
            self._masks = VocabularyMasks(width, stops, device)
        places = self._states.places(courses, written)
        spent = [len(ids) >= course.budget for course, ids in zip(courses, written, strict=True)]
        places = [place.stopped() if over else place for place, over in zip(places, spent, strict=True)]
        self._masks.narrow_in_place(logits, rows, places)

    def _open(self) -> Vocabulary:
        from biomatrix.vocabulary.vocabulary import Vocabulary

        return Vocabulary.from_pretrained(self._model.tokenizer or self._model.model)
