"""Protein sequences: one token per residue, ``<A M>``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.base_modality import Modality, checked_tokens
from biomatrix.entities.grammar import Grammar, one_or_more
from biomatrix.entities.protein.entity import Protein
from biomatrix.errors import DecodeError, UnsupportedError

if TYPE_CHECKING:
    from biomatrix.entities.check import Check

RESIDUE_NAMES: Mapping[str, str] = {
    "A": "Alanine",
    "C": "Cysteine",
    "D": "Aspartic acid",
    "E": "Glutamic acid",
    "F": "Phenylalanine",
    "G": "Glycine",
    "H": "Histidine",
    "I": "Isoleucine",
    "K": "Lysine",
    "L": "Leucine",
    "M": "Methionine",
    "N": "Asparagine",
    "P": "Proline",
    "Q": "Glutamine",
    "R": "Arginine",
    "S": "Serine",
    "T": "Threonine",
    "V": "Valine",
    "W": "Tryptophan",
    "Y": "Tyrosine",
    "U": "Selenocysteine",
    "O": "Pyrrolysine",
    "B": "Aspartic acid or Asparagine",
    "Z": "Glutamic acid or Glutamine",
    "J": "Leucine or Isoleucine",
    "X": "any amino acid",
}
"""The 26 residue letters and their English names: the 20 amino acids, two rare ones, four ambiguous."""


class ProteinSequence(Modality):
    """The residues of one chain, ``<A M><A R><A A>``."""

    name: ClassVar[str] = "protein_sequence"
    kind: ClassVar[str] = "protein"
    file_format: ClassVar[str] = "fasta"
    start_token: ClassVar[str] = "<|prot_aa_start|>"
    end_token: ClassVar[str] = "<|prot_aa_end|>"
    start_description: ClassVar[str] = "Begins a protein amino acid sequence"
    end_description: ClassVar[str] = "Ends a protein amino acid sequence"
    token_pattern: ClassVar[re.Pattern[str]] = re.compile(r"<A [A-Z]>")
    counts: ClassVar[str | None] = "residue"
    cannot_carry: ClassVar[tuple[str, ...]] = (
        "coordinates: backbone, side chains, hydrogens",
        "ligands, waters, ions and other chains",
        "the chain's identifier, residue numbers and insertion codes",
        "which residues are unresolved, and physical gaps",
        "modified residues (a reader maps them to a letter and notes it)",
        "name and notes",
    )

    def __init__(self) -> None:
        self._token_of = {letter: f"<A {letter}>" for letter in RESIDUE_NAMES}
        self._letter_of = {token: letter for letter, token in self._token_of.items()}
        self._descriptions = {self._token_of[letter]: name for letter, name in RESIDUE_NAMES.items()}

    def encode(self, entity: Entity) -> list[str]:
        """Return one token per residue.

        Raises
        ------
        UnsupportedError
            Another kind of entity, no residues, or a letter without a token, with its ``position`` from 1.

        Examples
        --------
        >>> ProteinSequence().encode(Protein("MRA"))
        ['<A M>', '<A R>', '<A A>']
        """
        if not isinstance(entity, Protein):
            raise UnsupportedError(f"{self.name} writes a Protein, not a {type(entity).__name__}")
        entity = entity.checked()
        if not entity.sequence:
            raise UnsupportedError("the chain has no residues", record=entity.name or None)
        try:
            return [self._token_of[letter] for letter in entity.sequence]
        except KeyError as error:
            index = entity.sequence.index(error.args[0])
            raise UnsupportedError(
                f"{error.args[0]!r} is not a residue letter; use one of {''.join(RESIDUE_NAMES)}",
                record=entity.name or None,
                position=index + 1,
            ) from None

    def decode(self, tokens: Sequence[str]) -> Protein:
        """Return the chain, without coordinates. Raises DecodeError with the index of the first bad token."""
        tokens = checked_tokens(tokens)
        if not tokens:
            raise DecodeError("no residue tokens between the control tokens", position=0)
        letters = [self._letter_of.get(token) for token in tokens]
        if None in letters:
            index = letters.index(None)
            raise DecodeError(f"not a residue token: {tokens[index]!r}", position=index)
        return Protein("".join(letter for letter in letters if letter))

    def vocabulary(self) -> Mapping[str, str]:
        """Return the 26 residue tokens, each with its English name."""
        return self._descriptions

    def grammar(self) -> Grammar:
        """Return the grammar: one or more residues."""
        return one_or_more(counted=True)

    def length(self, tokens: Sequence[str]) -> int:
        """Return the number of residues."""
        return len(tokens)

    def check(self, entity: Entity) -> list[Check]:
        """Return whether residues are standard and none makes up too much of the chain."""
        from biomatrix.entities.protein.checks import check_sequence

        if not isinstance(entity, Protein):
            raise UnsupportedError(f"{self.name} checks a Protein, not a {type(entity).__name__}")
        return check_sequence(entity)
