"""Which guide an answer is written under: the automaton of its output, narrowed by what is asked of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Final

from biomatrix.entities.automaton import Automaton
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.base_modality import Modality
from biomatrix.entities.constraint import Constraint
from biomatrix.errors import ConfigurationError
from biomatrix.generation.completion import kept_ids, kept_segment
from biomatrix.generation.fixed_segment import FixedSegment
from biomatrix.generation.jobs import Guide
from biomatrix.generation.requests import Narrower, Request
from biomatrix.generation.segments_automaton import Place, SegmentsAutomaton
from biomatrix.generation.text_answers.pieces import piece_bytes
from biomatrix.generation.text_answers.pieces_automaton import PiecesAutomaton
from biomatrix.generation.text_answers.text_constraint import TextConstraint
from biomatrix.generation.unguided_automaton import UnguidedAutomaton
from biomatrix.vocabulary.vocabulary import Vocabulary

_SHARE: Final = 8
"""The most tokens of a segment for each token of another that it counts otherwise: a carbon of SELFIES may become an
atom and three hydrogens, two of them branches of three tokens."""
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
        self._bounds: OrderedDict[tuple[str, str, int, tuple[int, ...]], tuple[Automaton, int | None, Automaton]]
        self._bounds = OrderedDict()
        self._strings: OrderedDict[object, PiecesAutomaton] = OrderedDict()
        self._sequences: OrderedDict[tuple[tuple[str, ...], tuple[int, ...]], SegmentsAutomaton] = OrderedDict()
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
            return self._in_text(request)
        if len(request.outputs) > 1:
            return self._in_sequence(request)
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
                ids, of = self._vocabulary.segment_ids(modality), self._vocabulary.block(modality).modality
                if wish.kind not in (None, of.kind):
                    raise ConfigurationError(
                        f"{wish.name} is asked of a {wish.kind}, and {modality} writes a {of.kind}"
                    )
                automaton = wish.narrow(automaton, of, ids)
            else:
                automaton = wish(automaton)
        return automaton

    def _in_text(self, request: Request) -> Guide:
        """Return the guide of an answer in text: free, or one string of what a constraint describes."""
        wishes = request.wishes
        if not wishes:
            return self._text
        asked = [wish for wish in wishes if isinstance(wish, TextConstraint)]
        if len(asked) < len(wishes):
            raise ConfigurationError("constraints narrow a modality; name an output for them")
        if len(asked) > 1:
            raise ConfigurationError(f"{asked[0].name} and {asked[1].name} exclude one another; ask for one of them")
        key = _identity(asked[0])
        if key not in self._strings:
            stops = self._vocabulary.ending_ids
            self._strings[key] = PiecesAutomaton(asked[0].language(), self._pieces, stops, asked[0].name)
            if len(self._strings) > _KEPT:
                self._strings.popitem(last=False)
        return self._strings[key]

    @cached_property
    def _pieces(self) -> dict[int, bytes]:
        return piece_bytes(self._vocabulary)

    # Several segments

    def _in_sequence(self, request: Request) -> SegmentsAutomaton:
        """Return the guide of several segments: a kept one binds the others of its kind, else the first does."""
        if any(not isinstance(wish, Constraint) for wish in request.wishes):
            raise ConfigurationError("a function narrows one automaton, and the output has several; give a Constraint")
        automata = self._narrowed_each(request)
        kept = kept_segment(self._vocabulary, request)
        _check_kept(kept, self.takers(request))
        key = request.outputs, tuple(map(id, automata.values()))
        if kept is None and key in self._sequences:
            return self._sequences[key]
        places: list[Place] = []
        for number, name in enumerate(request.outputs):
            if kept is not None and name == kept[1]:
                places.append(Place(FixedSegment(kept_ids(self._vocabulary, kept))))
            elif kept is not None and self._vocabulary.block(name).modality.kind == kept[0].kind:
                ids = tuple(kept_ids(self._vocabulary, kept)[1:-1])
                places.append(Place(*self._bound(name, automata[name], kept[1], ids)))
            else:
                places.append(self._bound_later(number, request.outputs, automata[name]))
        guide = SegmentsAutomaton(places)
        if kept is None:
            self._sequences[key] = guide  # which holds the automata, so that no other takes the identity of one
            if len(self._sequences) > _KEPT:
                self._sequences.popitem(last=False)
        return guide

    def _bound_later(self, number: int, outputs: Sequence[str], automaton: Automaton) -> Place:
        """Return the place of a segment that the first one of its kind binds once that is written."""
        blocks = [self._vocabulary.block(name).modality for name in outputs]
        binder = next((i for i in range(number) if blocks[i].kind == blocks[number].kind), None)
        if binder is None:
            return Place(automaton)
        same = blocks[number].counts is not None and blocks[number].counts == blocks[binder].counts
        bind = partial(self._bound, outputs[number], automaton, outputs[binder])
        return Place(automaton, None, binder, bind, 1 if same else _SHARE)

    def _bound(
        self, name: str, automaton: Automaton, sibling: str, ids: tuple[int, ...]
    ) -> tuple[Automaton, int | None]:
        """Return the automaton and the length of a modality's segment beside another with these ids."""
        key = name, sibling, id(automaton), ids
        found = self._bounds.get(key)
        if found is None:
            by = self._vocabulary.block(sibling).modality
            bound = self._vocabulary.block(name).modality.bound_by(automaton, self._tokens(by, ids), by)
            found = self._bounds[key] = *bound, automaton
        self._bounds.move_to_end(key)
        if len(self._bounds) > _KEPT:
            self._bounds.popitem(last=False)
        return found[:2]

    def _tokens(self, modality: Modality, ids: tuple[int, ...]) -> list[str]:
        """Return the tokens inside a segment; one string where the base tokenizer spells them."""
        if modality.spelled_as_text:
            return [self._vocabulary.text(ids)]
        return [str(self._vocabulary.backend.id_to_token(id_)) for id_ in ids]

    def _narrowed_each(self, request: Request) -> dict[str, Automaton]:
        """Return the automaton of each output under the constraints that it can keep; each constraint needs one."""
        return {name: self.narrowed(name, taken) for name, taken in self.takers(request).items()}

    def takers(self, request: Request) -> dict[str, list[Constraint | Narrower]]:
        """Return by output the wishes that it can keep, by which its entity is judged.

        Raises
        ------
        ConfigurationError
            No output can keep a wish; the message is that of the first output.
        """
        takers: dict[str, list[Constraint | Narrower]] = {name: [] for name in request.outputs}
        for wish in request.wishes:
            refusals: list[ConfigurationError] = []
            for name, taken in takers.items():
                try:
                    self.narrowed(name, [wish])
                    taken.append(wish)
                except ConfigurationError as error:
                    refusals.append(error)
            if len(refusals) == len(takers):
                raise refusals[0]
        return takers

    def _free(self, outputs: tuple[str, ...]) -> UnguidedAutomaton:
        if outputs not in self._unguided:
            self._unguided[outputs] = UnguidedAutomaton.from_vocabulary(self._vocabulary, outputs)
        return self._unguided[outputs]


def _check_kept(kept: tuple[Entity, str] | None, takers: Mapping[str, Sequence[Constraint | Narrower]]) -> None:
    """Raise ConfigurationError where an entity that is kept breaks a constraint on it: no draft could mend that."""
    for wish in () if kept is None else takers[kept[1]]:
        fault = wish.fault(kept[0]) if kept is not None and isinstance(wish, Constraint) else None
        if fault is not None and isinstance(wish, Constraint):
            raise ConfigurationError(f"what is kept breaks {wish.name}: {fault}")


def _identity(wish: Constraint | Narrower) -> object:
    """Return a wish itself where equal ones are equal, else a mark of this very object."""
    try:
        hash(wish)
    except TypeError:
        return type(wish), id(wish)
    return wish
