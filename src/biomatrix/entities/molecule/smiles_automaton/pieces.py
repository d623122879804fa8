"""The pieces of a base tokenizer that may stand in a SMILES string, as tries over their characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from biomatrix.entities.molecule.smiles_automaton.brackets import FIRST_LETTERS, SECOND_LETTERS, SYMBOLS, bracket_atom

NEEDED: Final = frozenset("BCHLNOPcno[]()=-+@0123456789%") | frozenset(SECOND_LETTERS)
"""Characters that a vocabulary must hold as pieces of their own, so that whatever is begun can be finished."""
MOST_RETURNS: Final = 3
"""The most branches that one piece may close."""
_OUTSIDE: Final = r"(?:Cl|Br|[BCNOPSFIbcnops*]|[-=#/\\<>().%0-9])"
_NEVER: Final = re.compile(
    r"[-=#/\\.](?=[=#/\\.()<])|-(?=-)|(?<=[^-])>|>(?=[^A-Za-z\[*])|<(?=[^-])|\((?=[().0-9%])|%(?=[^0-9])|\)(?=[0-9%])"
)
"""What never stands outside brackets: two bonds, an empty branch, a ring number behind a branch."""
_SYMBOL: Final = "|".join((*sorted(SYMBOLS, key=len, reverse=True), *SECOND_LETTERS, *FIRST_LETTERS))
_CONTENT: Final = (
    rf"\d{{0,3}}(?:{_SYMBOL})?(?:@{{0,2}}(?:(?:TH?|AL?|SP?|TB|OH?|[PBL])?\d{{0,2}}))?(?:H\d?)?"
    r"(?:\+{1,2}|-{1,2}|[+-]\d)?(?::\d{0,3})?"
)
_INSIDE: Final = re.compile(_CONTENT)
_SHAPE: Final = re.compile(
    rf"(?P<tail>{_CONTENT}\])?(?P<middle>[lr]?(?:{_OUTSIDE}|\[[^\[\]()]+\])*)(?P<head>\[{_CONTENT})?"
)
_BRACKET: Final = re.compile(r"\[[^\[\]]*\]")


class Node:
    """A place in a trie: the ids of the pieces that end here, and the places behind it by character.

    ``reach`` is how many branches, open here, what stands behind it leaves at most; ``numbered`` says whether it may
    hold a ring number or a dot.
    """

    __slots__ = ("children", "ids", "numbered", "reach")

    def __init__(self) -> None:
        self.children: dict[str, Node] = {}
        self.ids: list[int] = []
        self.reach = 0
        self.numbered = False

    def add(self, piece: str, id_: int, *, numbered: bool = False) -> None:
        """Add a piece; ``numbered`` says whether it holds a ring number or a dot."""
        node = self
        for place, character in enumerate(piece):
            node.reach = max(node.reach, _reach(piece[place:]))
            node = node.children.setdefault(character, Node())
            node.numbered = node.numbered or numbered
        node.ids.append(id_)


class Pieces:
    """The pieces of a vocabulary that may stand in a SMILES string.

    Parameters
    ----------
    spelling : mapping of int to str
        The text of each piece, by its id.

    Attributes
    ----------
    by_id : dict of int to str
        The pieces that are used.
    single : dict of str to int
        Those of one character.
    growing, numbered, returning : Node
        Tries of the pieces: those that only add to the current atom; the single digits, percent sign and dot; others.
    reaching : tuple of Node
        Of the others, the tries of those without ring numbers and dots, by how many branches they leave, from one on.
    mixed : Node
        The trie of the rest of the others: ring numbers among atoms, which some tokenizers write as one piece.
    missing : tuple of str
        Characters that finishing a string may need and that are no pieces of their own.
    """

    def __init__(self, spelling: Mapping[int, str]) -> None:
        self.by_id = {id_: text for id_, text in spelling.items() if may_stand(text)}
        self.single = {text: id_ for id_, text in self.by_id.items() if len(text) == 1}
        self.missing = tuple(sorted(NEEDED - self.single.keys()))
        self.growing, self.numbered, self.returning, self.mixed = Node(), Node(), Node(), Node()
        self.reaching = tuple(Node() for _ in range(MOST_RETURNS))
        for id_, text in self.by_id.items():
            for trie in self._tries_of(text):
                trie.add(text, id_, numbered=_numbered(text))

    def trie_of(self, text: str) -> Node:
        """Return the trie from which a menu takes a piece."""
        return self._tries_of(text)[-1]

    def _tries_of(self, text: str) -> tuple[Node, ...]:
        if _numbered(text):
            return (self.numbered,) if len(text) == 1 else (self.returning, self.mixed)
        reach = _reach(_outside(text))
        return (self.returning, self.reaching[reach - 1]) if reach else (self.growing,)


def may_stand(text: str) -> bool:
    """Return whether a piece is a part of some SMILES string, judged by its characters and brackets alone.

    Examples
    --------
    >>> may_stand("c1ccc("), may_stand("@@H]("), may_stand("The")
    (True, True, False)
    """
    if not text or _INSIDE.fullmatch(text):
        return bool(text)
    match = _SHAPE.fullmatch(text)
    if match is None or _NEVER.search(_outside(text)) or text.count(")") > MOST_RETURNS:
        return False
    return all(bracket_atom(bracket) is not None for bracket in _BRACKET.findall(match["middle"]))


def _outside(text: str) -> str:
    """Return what of a piece may stand outside brackets; all of it where it may stand inside or outside."""
    bare = _BRACKET.sub("", text)
    if "]" in bare:
        bare = bare[bare.index("]") + 1 :]
    return bare[: bare.index("[")] if "[" in bare else bare


def _numbered(text: str) -> bool:
    return any(character.isdigit() or character in "%." for character in _outside(text))


def _reach(text: str) -> int:
    """Return how many branches a piece leaves that were open before it; none opens or ends inside a bracket atom."""
    depth = lowest = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        lowest = min(lowest, depth)
    return -lowest


def ids_of(nodes: Iterable[Node]) -> list[int]:
    """Return the ids in some tries, ascending."""
    found: list[int] = []
    stack = list(nodes)
    while stack:
        node = stack.pop()
        found += node.ids
        stack += node.children.values()
    return sorted(found)
