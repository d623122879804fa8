"""The guide of an answer that is one string of a language, in whatever pieces the base tokenizer has.

Every way to spell the string is allowed. What may come in a state is found by walking the pieces, as a tree of bytes,
beside the language, when the state is first met; states and sets of ids are kept.

Legend of shapes: R rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.table_automaton import ranges_of
from biomatrix.errors import ConfigurationError
from biomatrix.generation.text_answers.language import Language, State

_DONE: Final = -1
_NOTHING: Final[Ranges] = np.empty((0, 2), dtype=np.int64)
_PIECE: Final = -1
"""The key under which a node of the tree keeps the ids of the pieces that end there."""


class PiecesAutomaton:
    """Guides an answer to a string of a language and the token that ends the answer.

    A piece is allowed where, written byte by byte, what remains would still fit the budget. A row's state is (number of
    the language's state, or -1 once the answer has ended; tokens left to write).

    Parameters
    ----------
    language : Language
        The answers.
    pieces : mapping of int to bytes
        What each base piece spells, by id.
    stop_ids : sequence of int
        The tokens that end an answer.
    what : str
        What the answer is, for messages.

    Raises
    ------
    ConfigurationError
        A byte of the language is no piece of its own, or no token ends an answer.
    """

    def __init__(self, language: Language, pieces: Mapping[int, bytes], stop_ids: Sequence[int], what: str) -> None:
        self._language = language
        self._what = what
        alphabet = bytes(sorted(language.alphabet))
        within = {id_: piece for id_, piece in pieces.items() if piece and not piece.translate(None, alphabet)}
        spelled = {id_: piece for id_, piece in within.items() if language.may_hold(piece)}
        missing = set(alphabet) - {piece[0] for piece in spelled.values() if len(piece) == 1}
        if missing or not stop_ids:
            lack = f"pieces for the bytes {bytes(sorted(missing))!r}" if missing else "a token that ends an answer"
            raise ConfigurationError(f"the tokenizer has no {lack}, which {what} needs")
        self._tree = _tree_of(spelled)
        self._stops = sorted(stop_ids)
        self.ids: NDArray[np.int64] = np.array(sorted({*spelled, *stop_ids}), dtype=np.int64)
        self._numbers: dict[State, int] = {}
        self._states: list[State] = []
        self._moves: list[dict[int, int] | None] = []
        self._far: dict[int, int] = {}
        self._ranges: dict[tuple[int, int], Ranges] = {}
        self._longest: dict[int, int] = {}
        self._equal: dict[bytes, Ranges] = {}

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [2]``.

        Raises
        ------
        ConfigurationError
            No answer fits the budget, or a length is asked for.
        """
        if bounds.length is not None:
            raise ConfigurationError("text has no exact length; ask for a modality that counts")
        number = self._number(self._language.start)
        if self._bytes_to_end(number) + 1 > bounds.budget:
            raise ConfigurationError(
                f"{self._what} needs up to {self._bytes_to_end(number) + 1} tokens, but only {bounds.budget} may be "
                "written; allow more (max_new_tokens)"
            )
        return np.array([number, bounds.budget], dtype=np.int64)

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        return [_NOTHING if number == _DONE else self._offer(number, budget) for number, budget in states.tolist()]

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``int64 [R, 2]``, after one allowed id per row, ``int64 [R]``."""
        following = states - np.array([0, 1], dtype=np.int64)
        rows = zip(states[:, 0].tolist(), ids.tolist(), strict=True)
        following[:, 0] = [_DONE if number == _DONE else self._moves_of(number).get(id_, _DONE) for number, id_ in rows]
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written a token that ends the answer, ``bool [R]``."""
        rows: NDArray[np.bool_] = states[:, 0] == _DONE
        return rows

    def _number(self, state: State) -> int:
        number = self._numbers.setdefault(state, len(self._states))
        if number == len(self._states):
            self._states.append(state)
            self._moves.append(None)
        return number

    def _moves_of(self, number: int) -> dict[int, int]:
        """Return the pieces that may come in a state of the language, each with the number of the state after it."""
        moves = self._moves[number]
        if moves is None:
            moves = {}
            pending: list[tuple[State, dict[int, object]]] = [(self._states[number], self._tree)]
            while pending:
                state, node = pending.pop()
                for byte, after in self._language.following(state).items():
                    child = node.get(byte)
                    if isinstance(child, dict):
                        if _PIECE in child:
                            moves |= dict.fromkeys(child[_PIECE], self._number(after))
                        pending.append((after, child))
            self._moves[number] = moves
        return moves

    def _offer(self, number: int, budget: int) -> Ranges:
        """Return what may come in a state with so many tokens left: the same object for the same set."""
        if number not in self._longest:
            moves = self._moves_of(number)
            self._longest[number] = 2 + max(map(self._bytes_to_end, set(moves.values())), default=0)
        key = number, min(budget, self._longest[number])
        if key not in self._ranges:
            moves = self._moves_of(number)
            fits = list(moves)
            if key[1] < self._longest[number]:
                fits = [id_ for id_, after in moves.items() if self._bytes_to_end(after) + 2 <= key[1]]
            ids = np.array(sorted(fits + (self._stops if self._accepts(number) else [])), dtype=np.int64)
            self._ranges[key] = self._equal.setdefault(ids.tobytes(), ranges_of(ids))
        return self._ranges[key]

    def _accepts(self, number: int) -> bool:
        return self._language.accepts(self._states[number])

    def _bytes_to_end(self, number: int) -> int:
        """Return the fewest bytes from a state to one where the string may end."""
        if number not in self._far:
            path = self._shortest(self._states[number])
            for left, state in enumerate(reversed(path)):
                self._far[self._number(state)] = left
        return self._far[number]

    def _shortest(self, start: State) -> list[State]:
        """Return the states on a shortest way from one to where the string may end, both included."""
        before: dict[State, State | None] = {start: None}
        front = [start]
        while True:
            for state in front:
                if self._language.accepts(state):
                    path: list[State] = [state]
                    while (one := before[path[-1]]) is not None:
                        path.append(one)
                    return path[::-1]
            following = []
            for state in front:
                for after in self._language.following(state).values():
                    if after not in before:
                        before[after] = state
                        following.append(after)
            front = following


def _tree_of(pieces: Mapping[int, bytes]) -> dict[int, object]:
    """Return the pieces as a tree: a node maps each next byte to a node, and ``_PIECE`` to the ids that end there."""
    root: dict[int, object] = {}
    for id_, piece in pieces.items():
        node = root
        for byte in piece:
            node = node.setdefault(byte, {})  # type: ignore[assignment]
        node.setdefault(_PIECE, []).append(id_)  # type: ignore[attr-defined]
    return root
