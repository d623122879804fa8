"""A set of strings as a finite automaton over bytes, made state by state as it is walked."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Protocol, TypeAlias

State: TypeAlias = Hashable


class Language(Protocol):
    """Strings of bytes. From every state some string of the language can still be completed."""

    start: State
    alphabet: frozenset[int]
    """Every byte that may occur."""

    def following(self, state: State) -> Mapping[int, State]:
        """Return the bytes that may come next, each with the state after it."""
        ...

    def accepts(self, state: State) -> bool:
        """Return whether the string may end here."""
        ...

    def may_hold(self, piece: bytes) -> bool:
        """Return whether a string may hold a piece, one of the alphabet; True where that is not known."""
        ...


class Words:
    """A finite language: some strings. A state is the string so far.

    Parameters
    ----------
    words : sequence of str
        At least one, none empty.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._words = frozenset(word.encode() for word in words)
        prefixes = {word[:end] for word in self._words for end in range(len(word) + 1)}
        self._following: dict[bytes, dict[int, bytes]] = {prefix: {} for prefix in prefixes}
        for prefix in sorted(prefixes):
            if prefix:
                self._following[prefix[:-1]][prefix[-1]] = prefix
        self.start: State = b""
        self.alphabet = frozenset(byte for word in self._words for byte in word)

    def following(self, state: State) -> Mapping[int, State]:
        """Return the bytes that may come next."""
        return self._following[state]  # type: ignore[index]

    def accepts(self, state: State) -> bool:
        """Return whether the string so far is one of the words."""
        return state in self._words

    def may_hold(self, piece: bytes) -> bool:
        """Return whether a piece stands in one of the words."""
        return any(piece in word for word in self._words)


def contains(language: Language, text: str) -> bool:
    """Return whether a string is one of the language."""
    state = language.start
    for byte in text.encode():
        following = language.following(state)
        if byte not in following:
            return False
        state = following[byte]
    return language.accepts(state)
