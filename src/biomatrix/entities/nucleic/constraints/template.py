"""What a sequence is to be, position by position: free bases, and codons of given amino acids.

A template is a row of nodes, each before one base or codon; every way leads to nodes further on. Motifs, which look at
what was written before, come on top of it: see :mod:`biomatrix.entities.nucleic.constraints.compiled`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from biomatrix.entities.nucleic.bases import READINGS, as_dna
from biomatrix.entities.nucleic.constraints.motif_automaton import BASES, CODONS, Offsets
from biomatrix.entities.nucleic.genetic_code import STOP, UNKNOWN, GeneticCode
from biomatrix.errors import ConfigurationError, UnsupportedError

ANY_BASE: Final = 0b1111
_NO_RULE: Final[Offsets] = (0, 0, 0)


@dataclass(frozen=True)
class Node:
    """A place before one base or codon.

    Parameters
    ----------
    name : str
        What stands there, for messages.
    bases : int
        Which bases may come, as bits in order A, C, G, T.
    codons : int
        Which codons may come, as bits in alphabetical order.
    to_base, to_codon : int
        The nodes behind a base and a codon.
    ends : bool
        Whether the sequence may end here.
    rule : (int, int, int)
        Which groups of motifs, as bits, may not end at the first, second and third base of what comes here.
    needs : int
        Which groups, as bits, must have a motif that ends right before a codon that comes here.
    """

    name: str
    bases: int = 0
    codons: int = 0
    to_base: int = -1
    to_codon: int = -1
    ends: bool = False
    rule: Offsets = _NO_RULE
    needs: int = 0


@dataclass(frozen=True)
class Region:
    """A part of a template before it is joined to others: a row of nodes, each leading to the next.

    Parameters
    ----------
    nodes : tuple of Node
    least : int
        After how many nodes it may be left; fewer than there are where its length is free.
    """

    nodes: tuple[Node, ...]
    least: int

    def fixed(self, places: Iterable[tuple[int, str]]) -> Region:
        """Return the region with IUPAC letters at base positions counted from 0.

        Raises
        ------
        ConfigurationError
            A position past its end.
        """
        width = 3 if self.nodes and self.nodes[0].codons else 1
        nodes, least = list(self.nodes), self.least
        for place, letter in places:
            number, offset = divmod(place, width)
            if number >= len(nodes):
                raise ConfigurationError(
                    f"position {place + 1} is asked for, but there are at most {width * len(nodes)} bases"
                )
            node, allowed = nodes[number], base_mask(letter)
            if width == 1:
                nodes[number] = replace(node, bases=node.bases & allowed)
            else:
                nodes[number] = replace(node, codons=node.codons & _with_base(offset, allowed))
            least = max(least, number + 1)
        return Region(tuple(nodes), least)


def base_mask(letter: str) -> int:
    """Return the bases that an IUPAC letter of DNA or RNA may stand for, as bits in order A, C, G, T."""
    return sum(1 << BASES.index(base) for base in READINGS[as_dna(letter)])


@lru_cache(maxsize=64)
def _with_base(offset: int, allowed: int) -> int:
    """Return the codons with one of some bases at an offset, as bits."""
    return sum(1 << number for number, codon in enumerate(CODONS) if allowed >> BASES.index(codon[offset]) & 1)


def codon_mask(codons: Iterable[str]) -> int:
    """Return codons of DNA or RNA as bits in alphabetical order."""
    return sum(1 << CODONS.index(as_dna(codon)) for codon in set(codons))


def free_bases(least: int, most: int, name: str = "base", rule: Offsets = _NO_RULE) -> Region:
    """Return a region of ``least`` to ``most`` bases."""
    return Region(tuple(Node(f"{name} {place + 1}", ANY_BASE, rule=rule) for place in range(most)), least)


def given_bases(letters: str, name: str = "base", rule: Offsets = _NO_RULE) -> Region:
    """Return a region of IUPAC letters of DNA or RNA. Raises ConfigurationError for another letter, with its place."""
    wrong = next((place for place, letter in enumerate(letters) if as_dna(letter) not in READINGS), None)
    if wrong is not None:
        part = name.removesuffix(" base")
        raise ConfigurationError(f"the {part} holds {letters[wrong]!r} at place {wrong}, no IUPAC letter of a base")
    masks = (base_mask(letter) for letter in letters)
    nodes = (Node(f"{name} {place} ({letter})", mask, rule=rule) for place, (letter, mask) in _counted(letters, masks))
    return Region(tuple(nodes), len(letters))


def _counted(letters: str, masks: Iterable[int]) -> Iterable[tuple[int, tuple[str, int]]]:
    return enumerate(zip(letters, masks, strict=True), start=1)


def coding(
    protein: str,
    code: GeneticCode,
    *,
    starts: Iterable[str] | None = None,
    stops: Iterable[str] | None = None,
    recode: bool = False,
    rule: Offsets = _NO_RULE,
    start_rule: Offsets | None = None,
) -> Region:
    """Return the region of a coding sequence, one node per codon.

    Parameters
    ----------
    protein : str
        One-letter codes, a stop as ``*``; X is any amino acid.
    code : GeneticCode
    starts : iterable of str, optional
        The codons of the first residue where that is M; by default those that spell M.
    stops : iterable of str, optional
        The codons of a ``*`` at the end; by default all of the table's stops.
    recode : bool
        Whether U and O are written as TGA and TAG.
    rule, start_rule : (int, int, int)
        Groups of motifs that may not end within its codons, and within the first.

    Raises
    ------
    UnsupportedError
        A letter that no codon of the table spells, with its index from 1 as ``position``.
    """
    wild = codon_mask(codon for letter, codons in code.codons.items() if letter != STOP for codon in codons)
    masks: dict[str, int] = {UNKNOWN: wild}
    nodes = []
    for place, letter in enumerate(protein, start=1):
        if letter not in masks:
            try:
                masks[letter] = codon_mask(code.synonyms(letter, recode=recode))
            except UnsupportedError as error:
                raise UnsupportedError(f"residue {place} ({letter}): {error.message}", position=place) from None
        nodes.append(Node(f"residue {place} ({letter})", codons=masks[letter], rule=rule))
    if nodes and start_rule is not None:
        nodes[0] = replace(nodes[0], rule=start_rule)
    if starts is not None and protein.startswith("M"):
        nodes[0] = replace(nodes[0], codons=codon_mask(starts))
    if stops is not None and protein.endswith(STOP):
        nodes[-1] = replace(nodes[-1], codons=nodes[-1].codons & codon_mask(stops))
    return Region(tuple(nodes), len(nodes))


def joined(regions: Sequence[Region]) -> tuple[Node, ...]:
    """Return regions one behind the other as the nodes of a template, a node for the end behind them.

    A region whose length is free may be left early, for the first node of the next; the two then differ in whether a
    base or a codon comes, so that what is written tells. Raises ConfigurationError where they do not.
    """
    nodes: list[Node] = []
    firsts = [sum(len(region.nodes) for region in regions[:number]) for number in range(len(regions) + 1)]
    for number, region in enumerate(regions):
        for place, node in enumerate(region.nodes):
            here = firsts[number] + place
            behind = {"to_codon": here + 1} if node.codons else {"to_base": here + 1}
            node = replace(node, **behind)  # type: ignore[arg-type]
            if place >= region.least:
                node = _left_early(node, regions[number + 1 :], firsts[number + 1 :])
            nodes.append(node)
    return (*nodes, Node("the end", ends=True))


def _left_early(node: Node, behind: Sequence[Region], firsts: Sequence[int]) -> Node:
    """Return a node at which its region may end, so that the next one's first base or codon may come instead."""
    for region, first in zip(behind, firsts, strict=False):
        if region.nodes:
            following = region.nodes[0]
            if not following.codons or node.codons:
                raise ConfigurationError(
                    "where one region ends and the next begins is not told by the bases; give one of them an exact "
                    "length"
                )
            rule = (node.rule[0] | following.rule[0], *following.rule[1:])
            return replace(node, codons=following.codons, to_codon=first + 1, rule=rule, needs=following.needs)
        # an empty region is passed through
    return replace(node, ends=True)
