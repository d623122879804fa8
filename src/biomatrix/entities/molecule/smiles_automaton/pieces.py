"""The pieces of a base tokenizer that may stand in a SMILES string, as tries over their characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from biomatrix.entities.molecule.smiles_automaton.brackets import FIRST_LETTERS, SECOND_LETTERS, SYMBOLS, bracket_atom
from biomatrix.errors import ConfigurationError

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
    """A place in a trie: the ids of the pieces that end here, and the places behind it by character."""

    __slots__ = ("children", "ids")

    def __init__(self) -> None:
        self.children: dict[str, Node] = {}
        self.ids: list[int] = []

    def add(self, piece: str, id_: int) -> None:
        """Add a piece."""
        node = self
        for character in piece:
            node = node.children.setdefault(character, Node())
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
    growing, numbered, returning : Node
        Tries of the pieces that only add atoms, those with ring numbers, and those that close branches or fragments.

    Raises
    ------
    ConfigurationError
        A character that finishing a string may need is no piece of its own.
    """

    def __init__(self, spelling: Mapping[int, str]) -> None:
        self.by_id = {id_: text for id_, text in spelling.items() if may_stand(text)}
        single = {text for text in self.by_id.values() if len(text) == 1}
        missing = sorted(NEEDED - single)
        if missing:
            raise ConfigurationError(
                f"SMILES cannot be spelled safely: the base tokenizer has no piece for {' '.join(missing)}; take a "
                "byte-level tokenizer"
            )
        self.growing, self.numbered, self.returning = Node(), Node(), Node()
        for id_, text in self.by_id.items():
            self._trie_of(text).add(text, id_)

    def _trie_of(self, text: str) -> Node:
        outside = _outside(text)
        if ")" in outside or "." in outside:
            return self.returning
        return self.numbered if any(character.isdigit() or character == "%" for character in outside) else self.growing


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


def ids_of(nodes: Iterable[Node]) -> list[int]:
    """Return the ids in some tries, ascending."""
    found: list[int] = []
    stack = list(nodes)
    while stack:
        node = stack.pop()
        found += node.ids
        stack += node.children.values()
    return sorted(found)
