"""RNA's base pairs as dot-bracket tokens with levels for pseudoknots: ``<2D .>``, ``<2D (1>``, ``<2D )1>``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from biomatrix.entities.base_modality import checked_tokens
from biomatrix.entities.grammar import Grammar, one_or_more
from biomatrix.entities.nucleic.bases import ANY
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.modalities.nucleic_modality import NucleicModality
from biomatrix.entities.nucleic.modalities.paired_automaton import PairedAutomaton
from biomatrix.entities.nucleic.modalities.pairs_automaton import PairsAutomaton
from biomatrix.entities.nucleic.pair_levels import levels_of
from biomatrix.entities.nucleic.thresholds import HAIRPIN
from biomatrix.errors import ConfigurationError, DecodeError, UnsupportedError
from biomatrix.metrics.nucleic.dot_bracket import OPENING

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.segment_ids import SegmentIds

DOT: Final = "<2D .>"
_MOST_LEVELS: Final = len(OPENING)
"""As many as dot-bracket has shapes: four of brackets, and the letters."""
_TOKEN: Final = re.compile(r"<2D (?:\.|([()])([1-9]|[12][0-9]|30))>")


class RnaPairs(NucleicModality):
    """The base pairs of RNA with itself, one token a base.

    Pairs of level 1 cross no other of level 1; a pair that crosses one is at another level. Of stems that cross, the
    longest is at the lowest level.

    Parameters
    ----------
    levels : int
        The most levels, 1 to 30. Structures of the PDB need up to five.
    loop : int
        The fewest bases between two that pair, which no hairpin undercuts; 0 to 8.

    Examples
    --------
    >>> RnaPairs().encode(NucleicAcid("GAAAC", "rna", pairs=((0, 4),)))
    ['<2D (1>', '<2D .>', '<2D .>', '<2D .>', '<2D )1>']
    """

    name: ClassVar[str] = "rna_pairs"
    kind: ClassVar[str] = "rna"
    file_format: ClassVar[str] = "dbn"
    start_token: ClassVar[str] = "<|rna_2d_start|>"
    end_token: ClassVar[str] = "<|rna_2d_end|>"
    start_description: ClassVar[str] = "Begins the base pairs of an RNA"
    end_description: ClassVar[str] = "Ends the base pairs of an RNA"
    token_pattern: ClassVar[re.Pattern[str]] = _TOKEN
    cannot_carry: ClassVar[tuple[str, ...]] = (
        "the bases: each comes back as N",
        "base pairs with other strands, triples, and how two bases pair",
        "features",
        "whether the sequence is circular, and how many strands there are",
        "soft masking and modified bases",
        "coordinates, and other chains",
        "the chain's identifier, residue numbers and insertion codes",
        "name and notes",
    )

    def __init__(self, levels: int = 6, loop: int = HAIRPIN) -> None:
        if not 1 <= levels <= _MOST_LEVELS:
            raise ConfigurationError(f"{self.name} has 1 to {_MOST_LEVELS} levels, not {levels}")
        if not 0 <= loop <= 8:
            raise ConfigurationError(f"a loop of {self.name} has at least 0 to 8 bases, not {loop}")
        self.levels, self.loop = levels, loop
        self._brackets = [(f"<2D ({level}>", f"<2D ){level}>") for level in range(1, levels + 1)]
        """The two brackets of each level."""
        self._steps = {DOT: (0, 0)}
        """By token, what it does to how many level: 1 opens, -1 closes."""
        for level, (opening, closing) in enumerate(self._brackets):
            self._steps |= {opening: (1, level), closing: (-1, level)}

    def settings(self) -> Mapping[str, Any]:
        return {"levels": self.levels, "loop": self.loop}

    def accepts(self, entity: Entity) -> bool:
        """Return whether it is RNA whose base pairs are known."""
        return isinstance(entity, NucleicAcid) and entity.kind == self.kind and entity.pairs is not None

    def encode(self, entity: Entity) -> list[str]:
        """Return a token per base.

        Raises
        ------
        UnsupportedError
            Another kind of entity, pairs that are not known, too close to each other, or that cross at too many levels.
        """
        rna = self.taken(entity)
        record = rna.name or None
        if rna.pairs is None:
            raise UnsupportedError("its base pairs are not known", record=record)
        tokens = [DOT] * len(rna)
        for first, second, level in levels_of(rna.pairs):
            if second - first <= self.loop:
                raise UnsupportedError(
                    f"bases {first + 1} and {second + 1} pair over {second - first - 1} bases, fewer than the "
                    f"{self.loop} of a hairpin; leave the pair out, or ask for loops of fewer (loop=)",
                    record=record,
                    position=first + 1,
                )
            if level >= self.levels:
                raise UnsupportedError(
                    f"the pair of bases {first + 1} and {second + 1} crosses others at {self.levels} levels, which are "
                    "all there are; ask for more (levels=)",
                    record=record,
                    position=first + 1,
                )
            tokens[first], tokens[second] = self._brackets[level]
        return tokens

    def losses(self, entity: Entity) -> tuple[str, ...]:
        """Return whether it is a circle, which the tokens say otherwise."""
        if isinstance(entity, NucleicAcid) and entity.circular:
            return ("the sequence is circular and is written as if it were linear, from its first base",)
        return ()

    def decode(self, tokens: Sequence[str]) -> NucleicAcid:
        """Return RNA of unknown bases with these pairs.

        Raises
        ------
        DecodeError
            A token that is none, a bracket without its partner or too close to it, with its index.
        """
        listed = checked_tokens(tokens)
        if not listed:
            raise DecodeError("no tokens of base pairs between the control tokens", position=0)
        opened: list[list[int]] = [[] for _ in self._brackets]
        pairs: list[tuple[int, int]] = []
        for place, token in enumerate(listed):
            step = self._steps.get(token)
            if step is None:
                raise DecodeError(f"not a token of base pairs in {self.levels} levels: {token!r}", position=place)
            turn, level = step
            if turn > 0:
                opened[level].append(place)
            elif turn < 0:
                if not opened[level]:
                    raise DecodeError(f"{token} at {place} closes nothing", position=place)
                first = opened[level].pop()
                if place - first <= self.loop:
                    raise DecodeError(
                        f"{token} at {place} is too close to its partner at {first}: at least {self.loop} bases lie "
                        "between two that pair",
                        position=place,
                    )
                pairs.append((first, place))
        left = min((places[-1] for places in opened if places), default=None)
        if left is not None:
            raise DecodeError(f"{listed[left]} at {left} is never closed", position=left)
        return NucleicAcid(ANY * len(listed), self.kind, pairs=tuple(sorted(pairs)))

    def vocabulary(self) -> Mapping[str, str]:
        """Return the dot and two brackets a level."""
        told = {DOT: "an unpaired base of RNA"}
        for level, (opening, closing) in enumerate(self._brackets, start=1):
            of = "" if level == 1 else f" of a pseudoknot, level {level}"
            told |= {opening: f"a base paired with a later one{of}", closing: f"a base paired with an earlier one{of}"}
        return told

    def grammar(self) -> Grammar:
        """Return one or more tokens; that brackets balance is known to the automaton alone."""
        return one_or_more(counted=True)

    def automaton(self, ids: SegmentIds) -> PairsAutomaton:
        """Return the automaton of balanced brackets."""
        held = [(ids.tokens.get(opening, -1), ids.tokens.get(closing, -1)) for opening, closing in self._brackets]
        brackets = np.array([pair for pair in held if min(pair) >= 0], dtype=np.int64).reshape(-1, 2)
        if DOT not in ids.tokens:
            raise ConfigurationError(f"the vocabulary holds no token {DOT} of {self.name}")
        return PairsAutomaton(ids.start_id, ids.end_id, ids.tokens[DOT], brackets, self.loop)

    def bound_by(self, automaton: Automaton, tokens: Sequence[str], sibling: Modality) -> tuple[Automaton, int | None]:
        """Return the same length and, beside the bases, brackets only for those that can pair.

        Raises
        ------
        ConfigurationError
            A constraint narrows the brackets too.
        """
        bound, length = super().bound_by(automaton, tokens, sibling)
        if sibling.kind != self.kind or sibling.needs_structure or sibling.name == self.name:
            return bound, length
        other = sibling.decode(tokens)
        if not isinstance(other, NucleicAcid):
            return bound, length
        if not isinstance(bound, PairsAutomaton):
            raise ConfigurationError(f"{self.name} under a constraint is not fitted to bases before it; leave one out")
        beside: Automaton = PairedAutomaton(bound, other.sequence)
        return beside, len(other)

    def units(self, tokens: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the base of each token."""
        return [(place,) for place in range(len(tokens))]
