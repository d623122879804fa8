"""Composite modalities: one span that borrows the tokens of other modalities for the parts of one entity.

Between its own control pair stand segments of its *parts*, each between that modality's control pair, and perhaps
tokens of its own. A part may be a composite too, so spans nest. As strings the content is one flat list: the tokens of
a part between its control tokens, a part that is spelled as text as one string.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.base_modality import Modality, attempt, checked_tokens
from biomatrix.entities.composite_automaton import CompositeAutomaton
from biomatrix.entities.layout import OWN, Order, Slot, compile_layout
from biomatrix.entities.modality_registry import modality as registered
from biomatrix.errors import BioMatrixError, ConfigurationError, DecodeError, UnsupportedError

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.check import Check
    from biomatrix.entities.segment_ids import SegmentIds

NO_TOKEN = re.compile(r"(?!)")
"""Matches nothing: a composite without tokens of its own."""


@dataclass(frozen=True)
class Part:
    """One decoded part of a composite.

    Parameters
    ----------
    modality : str
        The name of the modality it is written in.
    entity : Entity
        What the tokens spell.
    tokens : tuple of str
        Its tokens, without the control pair.
    """

    modality: str
    entity: Entity
    tokens: tuple[str, ...]


@dataclass(frozen=True)
class Stretch:
    """One item of a flat list: a token of its own, or a part with its control pair at ``start`` and ``stop - 1``."""

    modality: str | None
    start: int
    stop: int


class CompositeModality(Modality):
    """A modality whose spans hold segments of other modalities.

    A subclass names ``parts``, gives their order in ``layout`` unless it is one of each in turn, and implements
    :meth:`segments_of` and :meth:`assemble`. It caches nothing derived from its parts: a vocabulary replaces them by
    its own.

    Parameters
    ----------
    parts : mapping of str to Modality, optional
        The parts to use, by name; the registered ones, with their default settings, where not named.

    Raises
    ------
    ConfigurationError
        The argument or the layout names a modality that is not one of the class's ``parts``; the layout leaves a part
        out, or does not hold the measuring part exactly once.
    """

    layout: ClassVar[tuple[Slot, ...]] = ()
    """Which part comes where and how often; one of each, in the order of ``parts``, when empty."""
    measured_by: ClassVar[str | None] = None
    """The part whose counted tokens are the length of the composite: one that stands there exactly once. None where
    no length can be requested; :meth:`length` then adds up all parts."""
    token_pattern: ClassVar[re.Pattern[str]] = NO_TOKEN

    def __init__(self, parts: Mapping[str, Modality] | None = None) -> None:
        self._overrides = self._checked_parts(parts or {})
        slots = self.layout or tuple(Slot((name,)) for name in self.parts)
        layout_parts = {name for slot in slots for name in slot.parts}
        if not self.parts or layout_parts != set(self.parts):
            raise ConfigurationError(
                f"{self.name} borrows {', '.join(self.parts) or 'nothing'}, but its layout places "
                f"{', '.join(sorted(layout_parts)) or 'nothing'}; name the same modalities in both"
            )
        measuring_slots = [slot for slot in slots if self.measured_by in slot.parts]
        if self.measured_by is not None and measuring_slots != [Slot((self.measured_by,))]:
            raise ConfigurationError(
                f"{self.name} is measured by {self.measured_by}, so that part must stand in its layout exactly once"
            )
        self._slots = slots

    @abstractmethod
    def segments_of(self, entity: Entity) -> Sequence[str | tuple[str, Entity]]:
        """Return what the span holds, in order: tokens of its own, and (part's modality, entity).

        Raises
        ------
        UnsupportedError
            The entity has no such parts.
        """

    @abstractmethod
    def assemble(self, segments: Sequence[str | Part]) -> Entity:
        """Return the entity that decoded segments form, in order: tokens of its own, and parts.

        The layout allows their order.

        Raises
        ------
        DecodeError
            They form none; ``position`` is the index of the segment at fault.
        """

    # Its parts

    def part(self, name: str) -> Modality:
        """Return one of the parts by name."""
        if name not in self.parts:
            raise ConfigurationError(f"{self.name} has no part {name!r}; it has {', '.join(self.parts)}")
        return self._overrides.get(name) or registered(name)

    def with_parts(self, parts: Mapping[str, Modality]) -> Self:
        """Return the same modality over other objects for some of its parts."""
        bound = copy(self)
        bound._overrides = {**self._overrides, **self._checked_parts(parts)}
        return bound

    @cached_property
    def order(self) -> Order:
        """The layout as an automaton."""
        return compile_layout(self._slots)

    @property
    def needs_structure(self) -> bool:  # type: ignore[override]
        """True where one of its parts needs coordinates."""
        return any(self.part(name).needs_structure for name in self.parts)

    # Entity to tokens

    def encode(self, entity: Entity) -> list[str]:
        """Return the flat list of tokens: its own, and each part's between that part's control tokens."""
        (tokens,) = self.encode_each([entity])
        if isinstance(tokens, BioMatrixError):
            raise tokens
        return tokens

    def encode_each(self, entities: Sequence[Entity]) -> list[list[str] | BioMatrixError]:
        """Encode many entities, one batch per part: for each its tokens, or the error that refused it."""
        outlines = [attempt(self._outline_of, entity) for entity in entities]
        groups: dict[str, list[Entity]] = {}
        for outline in outlines:
            for segment in [] if isinstance(outline, BioMatrixError) else outline:
                if not isinstance(segment, str):
                    groups.setdefault(segment[0], []).append(segment[1])
        encodings = {name: iter(self.part(name).encode_each(group)) for name, group in groups.items()}
        results: list[list[str] | BioMatrixError] = []
        for outline in outlines:
            results.append(outline if isinstance(outline, BioMatrixError) else self._flat(outline, encodings))
        return results

    def losses(self, entity: Entity) -> tuple[str, ...]:
        """Return the losses of every part, each under the name of the part's modality, and once."""
        found = (
            f"{segment[0]}: {loss}"
            for segment in self.segments_of(entity)
            if not isinstance(segment, str)
            for loss in self.part(segment[0]).losses(segment[1])
        )
        return tuple(dict.fromkeys(found))

    def _outline_of(self, entity: Entity) -> Sequence[str | tuple[str, Entity]]:
        segments = self.segments_of(entity)
        fault = self._order_fault([OWN if isinstance(segment, str) else segment[0] for segment in segments])
        if fault is not None:
            raise UnsupportedError(
                f"{self.name} cannot write this {entity.kind}: {fault[0]}", record=entity.name or None
            )
        return segments

    def _flat(
        self,
        outline: Sequence[str | tuple[str, Entity]],
        encodings: Mapping[str, Iterator[list[str] | BioMatrixError]],
    ) -> list[str] | BioMatrixError:
        """Return one entity's flat list; each part takes the next encoding of its modality, after an error too."""
        tokens: list[str] = []
        refusal: BioMatrixError | None = None
        for segment in outline:
            if isinstance(segment, str):
                tokens.append(segment)
                continue
            part, inner = self.part(segment[0]), next(encodings[segment[0]])
            if isinstance(inner, BioMatrixError):
                refusal = refusal or _as_whole(inner, part.name, None)
                continue
            tokens += [part.start_token, *(["".join(inner)] if part.spelled_as_text else inner), part.end_token]
        return tokens if refusal is None else refusal

    # Tokens to entity

    def outline(self, tokens: Sequence[str]) -> list[Stretch]:
        """Return the items of a flat list in order; together they cover it once.

        Raises
        ------
        DecodeError
            With the index of a token that is neither its own nor part of a segment, or of a start token whose
            segment is not closed.
        """
        by_start = {self.part(name).start_token: self.part(name) for name in self.parts}
        stretches: list[Stretch] = []
        position = 0
        while position < len(tokens):
            part = by_start.get(tokens[position])
            if part is None:
                self._check_own(tokens[position], position)
                stretches.append(Stretch(None, position, position + 1))
            else:
                # No composite holds itself, so that the first end token is that of this segment.
                try:
                    stretches.append(Stretch(part.name, position, tokens.index(part.end_token, position + 1) + 1))
                except ValueError:
                    message = f"the {part.name} inside {self.name} is not closed"
                    raise DecodeError(message, position=position) from None
            position = stretches[-1].stop
        return stretches

    def decode(self, tokens: Sequence[str]) -> Entity:
        """Return the entity of a flat list. Raises DecodeError with the index of the first bad token."""
        (entity,) = self.decode_each([tokens])
        if isinstance(entity, BioMatrixError):
            raise entity
        return entity

    def decode_each(self, sequences: Sequence[Sequence[str]]) -> list[Entity | BioMatrixError]:
        """Decode many flat lists, one batch per part: for each its entity, or the error that refused it."""
        lists = [attempt(checked_tokens, tokens) for tokens in sequences]
        outlines = [
            tokens if isinstance(tokens, BioMatrixError) else attempt(self._ordered_outline, tokens) for tokens in lists
        ]
        groups: dict[str, list[Sequence[str]]] = {}
        for tokens, outline in zip(sequences, outlines, strict=True):
            for item in [] if isinstance(outline, BioMatrixError) else outline:
                if item.modality is not None:
                    groups.setdefault(item.modality, []).append(tokens[item.start + 1 : item.stop - 1])
        decodings = {name: iter(self.part(name).decode_each(group)) for name, group in groups.items()}
        results: list[Entity | BioMatrixError] = []
        for tokens, outline in zip(sequences, outlines, strict=True):
            results.append(
                outline if isinstance(outline, BioMatrixError) else self._assembled(tokens, outline, decodings)
            )
        return results

    def join(self, segments: Sequence[str | Part]) -> Entity:
        """Return the entity of decoded segments, their order checked.

        Raises
        ------
        DecodeError
            ``position`` is the index of the segment at fault; the number of segments where one is missing.
        """
        fault = self._order_fault([OWN if isinstance(segment, str) else segment.modality for segment in segments])
        if fault is not None:
            raise DecodeError(fault[0], position=fault[1])
        return self.assemble(segments)

    def _ordered_outline(self, tokens: Sequence[str]) -> list[Stretch]:
        outline = self.outline(tokens)
        fault = self._order_fault([item.modality or OWN for item in outline])
        if fault is not None:
            raise _at_token(DecodeError(fault[0], position=fault[1]), outline)
        return outline

    def _assembled(
        self,
        tokens: Sequence[str],
        outline: Sequence[Stretch],
        decodings: Mapping[str, Iterator[Entity | BioMatrixError]],
    ) -> Entity | BioMatrixError:
        """Return one entity; each part takes the next decoding of its modality, after an error too."""
        segments: list[str | Part] = []
        refusal: BioMatrixError | None = None
        for item in outline:
            if item.modality is None:
                segments.append(tokens[item.start])
                continue
            entity = next(decodings[item.modality])
            if isinstance(entity, BioMatrixError):
                within = 0 if self.part(item.modality).spelled_as_text else entity.position
                place = item.start + 1 + within if isinstance(within, int) else item.start
                refusal = refusal or _as_whole(entity, item.modality, place)
            else:
                segments.append(Part(item.modality, entity, tuple(tokens[item.start + 1 : item.stop - 1])))
        if refusal is not None:
            return refusal
        try:
            return self.assemble(segments)
        except BioMatrixError as error:
            return _at_token(error, outline)

    # What every modality provides

    def vocabulary(self) -> Mapping[str, str]:
        """Return the tokens of its own, without those of its parts: none unless a subclass has some."""
        return {}

    def split(self, text: str) -> list[str]:
        """Return the flat list that a text between the control pair spells.

        Raises
        ------
        DecodeError
            A part is not closed; ``position`` is the index of the character where it starts.
        """
        by_start = {self.part(name).start_token: self.part(name) for name in self.parts}
        first = re.compile("|".join(map(re.escape, by_start)))
        tokens: list[str] = []
        position = 0
        while match := first.search(text, position):
            part = by_start[match[0]]
            tokens += super().split(text[position : match.start()])
            stop = text.find(part.end_token, match.end())
            if stop < 0:
                raise DecodeError(f"the {part.name} inside {self.name} is not closed", position=match.start())
            tokens += [part.start_token, *part.split(text[match.end() : stop]), part.end_token]
            position = stop + len(part.end_token)
        return tokens + super().split(text[position:])

    def spans(self, tokens: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield its own tokens and then every part's, each with the modality they belong to."""
        outline = self.outline(tokens)
        yield self.name, [tokens[item.start] for item in outline if item.modality is None]
        for item in outline:
            if item.modality is not None:
                yield from self.part(item.modality).spans(tokens[item.start + 1 : item.stop - 1])

    def written_with(self) -> tuple[Modality, ...]:
        """Return itself and its parts, theirs included."""
        return (self, *(inner for name in self.parts for inner in self.part(name).written_with()))

    def code_of(self, token: str) -> int | None:
        """Return the structure code that a token of one of its parts carries, None where it carries none."""
        owners = (self.part(name) for name in self.parts)
        codes = (owner.code_of(token) for owner in owners if not owner.spelled_as_text)
        return next((code for code in codes if code is not None), None)

    def automaton(self, ids: SegmentIds) -> Automaton:
        """Return which ids may come next: the automata of its parts in the order that the layout allows."""
        return CompositeAutomaton(
            ids.start_id,
            ids.end_id,
            list(ids.tokens.values()),
            {name: self.part(name).automaton(ids.parts[name]) for name in self.parts},
            self.order,
            self.measured_by,
        )

    def length(self, tokens: Sequence[str]) -> int:
        """Return the counted tokens of the part that measures it, of all parts where none does."""
        return sum(
            self.part(item.modality).length(tokens[item.start + 1 : item.stop - 1])
            for item in self.outline(tokens)
            if item.modality is not None and self.measured_by in (None, item.modality)
        )

    def check(self, entity: Entity) -> list[Check]:
        """Return the checks of every part, each under the name of the part's kind."""
        return self._check_parts(entity, lambda part, one: part.check(one))

    def further_checks(self, entity: Entity) -> list[Check]:
        """Return the checks of every part that cost more, each under the name of the part's kind."""
        return self._check_parts(entity, lambda part, one: part.further_checks(one))

    def _check_parts(self, entity: Entity, checks_of: Callable[[Modality, Entity], list[Check]]) -> list[Check]:
        return [
            replace(answer, name=f"{self.part(segment[0]).kind}: {answer.name}")
            for segment in self.segments_of(entity)
            if not isinstance(segment, str)
            for answer in checks_of(self.part(segment[0]), segment[1])
        ]

    # Helpers

    def _checked_parts(self, parts: Mapping[str, Modality]) -> dict[str, Modality]:
        strange = sorted(parts.keys() - set(self.parts))
        if strange:
            raise ConfigurationError(f"{self.name} has no part {strange[0]!r}; it has {', '.join(self.parts)}")
        return dict(parts)

    def _check_own(self, token: str, position: int) -> None:
        if token not in self.text_tokens and self.token_pattern.fullmatch(token) is None:
            raise DecodeError(
                f"{token!r} is neither a token of {self.name} nor the start of one of its parts", position=position
            )

    def _order_fault(self, items: Sequence[str]) -> tuple[str, int] | None:
        """Return what is wrong with an order of items and the index of the item at fault, None where nothing is."""
        state = 0
        for position, item in enumerate(items):
            following = self.order.next(state, item)
            if following < 0:
                return f"{item} may not come here; {self.order.expected(state)} may", position
            state = following
        if not self.order.accepting[state]:
            return f"it ends too early: {self.order.expected(state)} must come next", len(items)
        return None


def _as_whole(error: BioMatrixError, part: str, position: int | None) -> BioMatrixError:
    """Return a part's error as an error of the whole."""
    return type(error)(f"{part}: {error.message}", file=error.file, record=error.record, position=position)


def _at_token(error: BioMatrixError, outline: Sequence[Stretch]) -> BioMatrixError:
    """Return an error whose position counts segments as one whose position counts tokens."""
    if not isinstance(error.position, int):
        return error
    total = outline[-1].stop if outline else 0
    position = outline[error.position].start if 0 <= error.position < len(outline) else total
    return type(error)(error.message, file=error.file, record=error.record, position=position)
