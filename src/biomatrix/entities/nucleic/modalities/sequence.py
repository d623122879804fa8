"""DNA and RNA base by base: one token a letter, ``<dna A>``, ``<rna U>``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from biomatrix.entities.grammar import Grammar, one_or_more
from biomatrix.entities.nucleic.bases import LETTERS, NAMES, base_kind
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.modalities.nucleic_modality import LOST_WITH_LETTERS, NucleicModality, letters_of
from biomatrix.entities.nucleic.modalities.tied_letters import TiedLetters
from biomatrix.entities.table_automaton import TableAutomaton

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.base_modality import Modality


class LetterSequence(NucleicModality):
    """A strand as one token a base, IUPAC's codes for several bases and inosine among them."""

    def __init__(self) -> None:
        kind = base_kind(self.kind)
        self._token_of = {letter: f"<{kind} {letter}>" for letter in LETTERS[kind]}
        self._letter_of = {token: letter for letter, token in self._token_of.items()}
        self._descriptions = {token: f"{NAMES[letter]}, of {kind.upper()}" for letter, token in self._token_of.items()}
        self._class_of = {token: place for place, token in enumerate(self._letter_of)}

    def encode(self, entity: Entity) -> list[str]:
        """Return one token per base. Raises UnsupportedError where it is another kind of entity, or has no bases."""
        return list(map(self._token_of.__getitem__, self.taken(entity).sequence))

    def decode(self, tokens: Sequence[str]) -> NucleicAcid:
        """Return the strand, without anything else. Raises DecodeError with the index of the first bad token."""
        return NucleicAcid("".join(letters_of(tokens, self._letter_of, self.name)), self.kind)

    def vocabulary(self) -> Mapping[str, str]:
        """Return a token for each of the sixteen letters, with what the letter stands for."""
        return self._descriptions

    def grammar(self) -> Grammar:
        """Return the grammar: one or more bases, each letter a class of its own."""
        plain, letters = one_or_more(counted=True), len(self._token_of)
        return Grammar(
            np.repeat(plain.transitions, letters, axis=1), plain.accepting, np.repeat(plain.counted, letters)
        )

    def token_class(self, token: str) -> int:
        """Return the place of the token's letter among those of the kind."""
        return self._class_of[token]

    def units(self, tokens: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the base of each token."""
        return [(place,) for place in range(len(tokens))]


class DnaSequence(LetterSequence):
    """The bases of one strand of DNA, ``<dna A><dna C>``.

    Examples
    --------
    >>> DnaSequence().encode(NucleicAcid("ACN"))
    ['<dna A>', '<dna C>', '<dna N>']
    """

    name: ClassVar[str] = "dna_sequence"
    kind: ClassVar[str] = "dna"
    start_token: ClassVar[str] = "<|dna_seq_start|>"
    end_token: ClassVar[str] = "<|dna_seq_end|>"
    start_description: ClassVar[str] = "Begins a DNA sequence"
    end_description: ClassVar[str] = "Ends a DNA sequence"
    token_pattern: ClassVar[re.Pattern[str]] = re.compile(r"<dna [A-Z]>")
    cannot_carry: ClassVar[tuple[str, ...]] = ("features", "base pairs", *LOST_WITH_LETTERS)


class RnaSequence(LetterSequence):
    """The bases of one strand of RNA, ``<rna A><rna U>``.

    Examples
    --------
    >>> RnaSequence().encode(NucleicAcid("AU", "rna"))
    ['<rna A>', '<rna U>']
    """

    name: ClassVar[str] = "rna_sequence"
    kind: ClassVar[str] = "rna"
    start_token: ClassVar[str] = "<|rna_seq_start|>"
    end_token: ClassVar[str] = "<|rna_seq_end|>"
    start_description: ClassVar[str] = "Begins an RNA sequence"
    end_description: ClassVar[str] = "Ends an RNA sequence"
    token_pattern: ClassVar[re.Pattern[str]] = re.compile(r"<rna [A-Z]>")
    cannot_carry: ClassVar[tuple[str, ...]] = ("features", "base pairs", *LOST_WITH_LETTERS)

    def bound_by(self, automaton: Automaton, tokens: Sequence[str], sibling: Modality) -> tuple[Automaton, int | None]:
        """Return the same length and, beside base pairs, letters that may pair where the other segment pairs them.

        An automaton that is narrowed already gets the length alone: what it then writes is judged when it is finished.
        """
        bound, length = super().bound_by(automaton, tokens, sibling)
        if sibling.name == "rna_pairs" and isinstance(bound, TableAutomaton):
            other = sibling.decode(tokens)
            if isinstance(other, NucleicAcid) and other.pairs:
                return TiedLetters(bound, other.pairs, len(other)), length
        return bound, length
