"""Which guide an answer is written under: the automaton of its output, narrowed by what is asked of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from biomatrix.entities.automaton import Automaton
from biomatrix.entities.constraint import Constraint
from biomatrix.errors import ConfigurationError
from biomatrix.generation.jobs import Guide
from biomatrix.generation.requests import Narrower, Request
from biomatrix.generation.unguided_automaton import UnguidedAutomaton
from biomatrix.vocabulary.vocabulary import Vocabulary

_KEPT: Final = 256
"""The most narrowed automata that are kept for the next request with the same constraints."""


class Guides:
    """The guides of one vocabulary. Requests with equal constraints share one, so that a batch has one mask for them.

    Parameters
    ----------
    vocabulary : Vocabulary
    text : Guide
        The guide of answers in text.
    """

    def __init__(self, vocabulary: Vocabulary, text: Guide) -> None:
        self._vocabulary = vocabulary
        self._text = text
        self._narrowed: OrderedDict[tuple[str, tuple[object, ...]], tuple[Automaton, object]] = OrderedDict()
        self._unguided: dict[tuple[str, ...], UnguidedAutomaton] = {}

    def of(self, request: Request) -> Guide:
        """Return the guide of a request.

        Raises
        ------
        ConfigurationError
            The output cannot keep a constraint, or nothing satisfies it.
        VocabularyError
            The vocabulary does not hold the output.
        """
        if not request.guided:
            return self._free(request.outputs)
        if request.output is None:
            if request.constraints:
                raise ConfigurationError("constraints narrow a modality; name an output for them")
            return self._text
        return self.narrowed(request.outputs[0], request.wishes)

    def narrowed(self, modality: str, wishes: Sequence[Constraint | Narrower]) -> Automaton:
        """Return the automaton of a modality under constraints, applied in order; the same object for equal ones."""
        if not wishes:
            return self._vocabulary.automaton(modality)
        key = modality, tuple(map(_identity, wishes))
        found = self._narrowed.get(key)
        if found is None:
            # The wishes are kept beside it so that no other object can take the identity of one.
            found = self._narrowed[key] = self._narrow(modality, wishes), tuple(wishes)
        self._narrowed.move_to_end(key)
        if len(self._narrowed) > _KEPT:
            self._narrowed.popitem(last=False)
        return found[0]

    def _narrow(self, modality: str, wishes: Sequence[Constraint | Narrower]) -> Automaton:
        automaton = self._vocabulary.automaton(modality)
        for wish in wishes:
            if isinstance(wish, Constraint):
                ids = self._vocabulary.segment_ids(modality)
                automaton = wish.narrow(automaton, self._vocabulary.block(modality).modality, ids)
            else:
                automaton = wish(automaton)
        return automaton

    def _free(self, outputs: tuple[str, ...]) -> UnguidedAutomaton:
        if outputs not in self._unguided:
            self._unguided[outputs] = UnguidedAutomaton.from_vocabulary(self._vocabulary, outputs)
        return self._unguided[outputs]


def _identity(wish: Constraint | Narrower) -> object:
    """Return a wish itself where equal ones are equal, else a mark of this very object."""
    try:
        hash(wish)
    except TypeError:
        return type(wish), id(wish)
    return wish
