"""Which motifs the bases written so far are in the middle of: the automaton of Aho and Corasick, for IUPAC patterns.

Of plain motifs its states are the nodes of their trie; an ambiguous letter is followed without writing its readings
out (bits for the places reached in each pattern, and the sets of bits that occur as states).

Legend of shapes: M states, behind them one dead state of number M.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.nucleic.bases import CERTAIN, READINGS
from biomatrix.entities.nucleic.motifs import Motif
from biomatrix.errors import LimitError

BASES: Final = CERTAIN["dna"]
CODONS: Final[tuple[str, ...]] = tuple(a + b + c for a in BASES for b in BASES for c in BASES)
FIRST_CODON: Final = 4
NUM_SYMBOLS: Final = FIRST_CODON + len(CODONS)
"""Symbols are the bases, 0 to 3, and the codons behind them, 4 to 67."""
Offsets = tuple[int, int, int]
"""Which groups of motifs, as bits, may not end at the first, second and third base of a symbol."""
_MOST_STATES: Final = 20_000


@dataclass(frozen=True, eq=False)
class MotifAutomaton:
    """Follows motifs base by base.

    Parameters
    ----------
    goto : ndarray, shape=(M + 1, 4), dtype=int32
        The next state for each base; M where a motif that may stand nowhere ends.
    hits : ndarray, shape=(M + 1,), dtype=int64
        Of which groups, as bits, a motif ends in a state.
    """

    goto: NDArray[np.int32]
    hits: NDArray[np.int64]

    @classmethod
    def of(cls, nowhere: Sequence[Motif], groups: Sequence[Sequence[Motif]] = ()) -> MotifAutomaton:
        """Return the automaton of motifs that may stand nowhere, and of groups of which only some places must be free.

        Raises
        ------
        LimitError
            The motifs together have too many states.
        """
        patterns = [motif.pattern for motif in nowhere]
        starts, moves, finals = _bit_parallel([*patterns, *(motif.pattern for group in groups for motif in group)])
        forbidden = sum(finals[: len(patterns)])
        of_group, first = [], len(patterns)
        for group in groups:
            of_group.append(sum(finals[first : first + len(group)]))
            first += len(group)
        numbers, sets, rows = {0: 0}, [0], []
        for state in sets:  # which grows meanwhile
            row = []
            for move in moves:
                following = ((state << 1) | starts) & move
                if following & forbidden:
                    row.append(-1)
                    continue
                if following not in numbers:
                    numbers[following] = len(sets)
                    sets.append(following)
                row.append(numbers[following])
            rows.append(row)
            if len(sets) > _MOST_STATES:
                raise LimitError(
                    f"the motifs have more than {_MOST_STATES:,} states together; give fewer, or shorter ones",
                    limit="motif_states",
                    actual=len(sets),
                    allowed=_MOST_STATES,
                )
        goto = np.full((len(sets) + 1, 4), len(sets), dtype=np.int32)
        goto[:-1] = np.where(np.array(rows) < 0, len(sets), rows)
        hits = [sum(1 << number for number, ends in enumerate(of_group) if state & ends) for state in sets]
        return cls(goto, np.array([*hits, 0], dtype=np.int64))

    @property
    def size(self) -> int:
        """The number of states, the dead one not counted; it is also the number of the dead one."""
        return len(self.goto) - 1

    @cached_property
    def after(self) -> NDArray[np.int32]:
        """Return the state after each symbol, ``int32 [M + 1, 68]``, whatever groups end within it."""
        return self.table((0, 0, 0))

    def table(self, offsets: Offsets) -> NDArray[np.int32]:
        """Return the state after each symbol, ``int32 [M + 1, 68]``, where no motif of some groups may end."""
        first, second, third = (
            np.where(self.hits[self.goto] & groups, self.size, self.goto).astype(np.int32) for groups in offsets
        )
        codons = third[second[first]]
        return np.concatenate([first, codons.reshape(len(codons), -1)], axis=1)

    def walk(self, letters: str, state: int = 0) -> int:
        """Return the state after certain letters of DNA; that of the dead one where a forbidden motif ends."""
        for letter in letters:
            state = int(self.goto[state, BASES.index(letter)])
        return state

    def walks(self, letters: str) -> NDArray[np.int32]:
        """Return the state after certain letters of DNA from each state, ``int32 [M + 1]``."""
        states = np.arange(len(self.goto), dtype=np.int32)
        for letter in letters:
            states = self.goto[states, BASES.index(letter)]
        return states


def _bit_parallel(patterns: Sequence[str]) -> tuple[int, list[int], list[int]]:
    """Return the bits at which patterns start, those that each base keeps, and the last bit of each pattern."""
    starts = bit = 0
    moves = [0] * len(BASES)
    finals: list[int] = []
    for pattern in patterns:
        starts |= 1 << bit
        for letter in pattern:
            for base in READINGS[letter]:
                moves[BASES.index(base)] |= 1 << bit
            bit += 1
        finals.append(1 << (bit - 1))
    return starts, moves, finals
