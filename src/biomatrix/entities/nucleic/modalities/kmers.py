"""DNA in steps of six bases, for long windows: ``<kmer ACGTAC>``, with single letters for what is left."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from biomatrix.entities.grammar import Grammar
from biomatrix.entities.nucleic.bases import CERTAIN, LETTERS, NAMES
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.modalities.nucleic_modality import LOST_WITH_LETTERS, NucleicModality, letters_of

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity

K: Final = 6
"""Bases of a k-mer."""
_PIECES: Final = re.compile(rf"[{CERTAIN['dna']}]{{{K}}}|[{LETTERS['dna']}]")
"""The pieces of a sequence from the left: once fewer than six certain letters are left, each stands alone."""
_KMER, _SINGLE, _CODE = 0, 1, 2
"""Classes of tokens: k-mers; single bases; letters that are none of the four."""


class DnaKmer(NucleicModality):
    """One strand of DNA as 6-mers that do not overlap.

    From the left, each run of A, C, G and T is cut in sixes; the one to five bases that are left, and every code for
    several bases, are tokens of one letter.

    Examples
    --------
    >>> DnaKmer().encode(NucleicAcid("ACGTACGTNACGTACC"))
    ['<kmer ACGTAC>', '<kmer G>', '<kmer T>', '<kmer N>', '<kmer ACGTAC>', '<kmer C>']
    """

    name: ClassVar[str] = "dna_kmer"
    kind: ClassVar[str] = "dna"
    start_token: ClassVar[str] = "<|dna_kmer_start|>"
    end_token: ClassVar[str] = "<|dna_kmer_end|>"
    start_description: ClassVar[str] = "Begins a long DNA sequence in steps of six bases"
    end_description: ClassVar[str] = "Ends a long DNA sequence in steps of six bases"
    token_pattern: ClassVar[re.Pattern[str]] = re.compile(rf"<kmer (?:[{CERTAIN['dna']}]{{{K}}}|[{LETTERS['dna']}])>")
    cannot_carry: ClassVar[tuple[str, ...]] = ("features", "base pairs", *LOST_WITH_LETTERS)

    def __init__(self) -> None:
        self._token_of = {piece: f"<kmer {piece}>" for piece in (*_kmers(), *LETTERS["dna"])}
        self._piece_of = {token: piece for piece, token in self._token_of.items()}

    def encode(self, entity: Entity) -> list[str]:
        """Return the pieces from the left. Raises UnsupportedError where it is another kind of entity, or empty."""
        return list(map(self._token_of.__getitem__, _PIECES.findall(self.taken(entity).sequence)))

    def decode(self, tokens: Sequence[str]) -> NucleicAcid:
        """Return the strand, without anything else. Raises DecodeError with the index of the first bad token."""
        return NucleicAcid("".join(letters_of(tokens, self._piece_of, self.name)), self.kind)

    def vocabulary(self) -> Mapping[str, str]:
        """Return the 4,096 k-mers and the sixteen letters."""
        return {token: _described(piece) for token, piece in self._piece_of.items()}

    def grammar(self) -> Grammar:
        """Return the grammar of what is written from the left: behind a single base at most four more, then a code."""
        transitions = np.full((2 + K - 1, 3), -1, dtype=np.int16)
        transitions[:2, _KMER] = transitions[:, _CODE] = 1
        transitions[:2, _SINGLE] = 2
        transitions[2:-1, _SINGLE] = np.arange(3, 1 + K)
        accepting = np.arange(len(transitions)) > 0
        return Grammar(transitions, accepting, counted=np.array([K, 1, 1]))

    def token_class(self, token: str) -> int:
        """Return 0 for a k-mer, 1 for a single base, 2 for a code."""
        piece = self._piece_of[token]
        return _KMER if len(piece) == K else _SINGLE if piece in CERTAIN["dna"] else _CODE

    def length(self, tokens: Sequence[str]) -> int:
        """Return the number of bases."""
        return sum(len(self._piece_of[token]) for token in tokens)

    def units(self, tokens: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the bases of each token."""
        ends = np.cumsum([len(self._piece_of[token]) for token in tokens]).tolist()
        return [tuple(range(start, stop)) for start, stop in zip([0, *ends], ends, strict=False)]


def _kmers() -> Iterator[str]:
    return map("".join, product(CERTAIN["dna"], repeat=K))


def _described(piece: str) -> str:
    return f"six bases of DNA: {' '.join(piece)}" if len(piece) == K else f"{NAMES[piece]}, one base of DNA"
