"""Which residues a sequence consists of: allowed and forbidden letters, counts and shares."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, ClassVar, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.constraint import Constraint
from biomatrix.entities.constraint_text import whole_number
from biomatrix.entities.constraints.language import Language, counting
from biomatrix.entities.constraints.positional import Wish
from biomatrix.entities.protein.constraints.letters import LETTERS, sequence_automaton
from biomatrix.entities.protein.entity import Protein
from biomatrix.errors import ConfigurationError, ParseError

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.segment_ids import SegmentIds

Sign = Literal["<=", ">=", "="]
_COUNT: Final = re.compile(r"([A-Z]+)(<=|>=|=)(\d+(?:\.\d+)?)(%?)", re.ASCII)
_MOST: Final = 100_000
"""No sequence has more residues: greater numbers all mean the same."""
_SLACK: Final = 1e-9
"""What a share may be off by for lack of decimals: a third of 9 is 3."""


@dataclass(frozen=True)
class LetterCount:
    """How many residues of some letters there are.

    Parameters
    ----------
    letters : str
        Counted together: ``KR`` is lysines and arginines.
    sign : {"<=", ">=", "="}
    value : float
        A number of residues, or their share of the sequence in percent.
    share : bool
    """

    letters: str
    sign: Sign
    value: float
    share: bool = False

    def limits(self, length: int) -> tuple[int, int | None]:
        """Return the least and the most residues in a sequence of a length; None for no limit."""
        exact = self.value * length / 100 if self.share else self.value
        least = 0 if self.sign == "<=" else ceil(exact - _SLACK)
        return least, None if self.sign == ">=" else floor(exact + _SLACK)

    def language(self, letters: NDArray[np.str_], longest: int) -> Language:
        """Return the sequences that keep it, over ids of these letters, ``str [N]``, up to a length."""
        lengths = range(longest + 1) if self.share else [0]
        limits = [
            (min(low, _MOST), None if high is None else min(high, _MOST)) for low, high in map(self.limits, lengths)
        ]
        most = None if self.sign == ">=" else np.array([high for _, high in limits], dtype=np.int64)
        least = np.array([low for low, _ in limits], dtype=np.int64)
        return counting(np.isin(letters, list(self.letters)), least, most)

    def __str__(self) -> str:
        return f"{self.letters}{self.sign}{self.value:g}{'%' if self.share else ''}"


@dataclass(frozen=True)
class Composition(Constraint):
    """Which residues a sequence consists of.

    Parameters
    ----------
    counts : tuple of LetterCount
    allowed : str
        The letters there may be.
    """

    kind: ClassVar[str | None] = "protein"
    name: ClassVar[str] = "composition"
    help: ClassVar[str] = "counts or shares of residues (C<=2, P>=1, KR=10%), no:LETTERS, only:LETTERS, with commas"
    example: ClassVar[str] = "C<=2,no:X,P>=1"

    counts: tuple[LetterCount, ...] = ()
    allowed: str = LETTERS

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``C<=2,no:X,P>=1,K<=10%``; letters before a sign are counted together."""
        counts: list[LetterCount] = []
        allowed = set(LETTERS)
        offset = 0
        for item in text.split(","):
            word = "".join(item.split()).upper()
            head, colon, listed = word.partition(":")
            found = _COUNT.fullmatch(word)
            named = listed if colon else found[1] if found else ""
            strange = next((letter for letter in named if letter not in LETTERS), None)
            if strange is not None:
                raise ParseError(f"{strange!r} is no residue letter", position=offset)
            if colon and head in ("NO", "ONLY") and listed:
                allowed = allowed - set(listed) if head == "NO" else allowed & set(listed)
            elif found and (found[4] or "." not in found[3]):
                whole_number(found[3].partition(".")[0] or "0", offset)
                sign: Sign = "=" if found[2] == "=" else "<=" if found[2] == "<=" else ">="
                counts.append(LetterCount(found[1], sign, float(found[3]), bool(found[4])))
            else:
                raise ParseError(f"{item!r} is none of C<=2, P>=1, KR=10%, no:X, only:ACDE", position=offset)
            offset += len(item) + 1
        return cls(tuple(counts), "".join(letter for letter in LETTERS if letter in allowed))

    def __post_init__(self) -> None:
        """Refuse letters that no residue has."""
        named = "".join([self.allowed, *(count.letters for count in self.counts)])
        if not self.allowed or not set(named) <= set(LETTERS):
            raise ConfigurationError(f"a composition allows some of the letters {LETTERS}")

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        """Count while the sequence is written, and leave room for what must still come."""
        positional, letters = sequence_automaton(self.name, automaton, modality, ids)
        fixed = [count.language(letters, 0) for count in self.counts if not count.share]
        if set(self.allowed) != set(LETTERS):
            foreign = ~np.isin(letters, list(self.allowed))
            fixed.append(counting(foreign, np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)))
        shares: list[Callable[[int], Language]] = [
            lambda longest, count=count: count.language(letters, longest)  # type: ignore[misc]
            for count in self.counts
            if count.share
        ]
        return positional.keeping(Wish(self.name, languages=tuple(fixed), of_length=tuple(shares)))

    def fault(self, entity: Entity) -> str | None:
        """Return the first letter that is not allowed, or count that is not kept."""
        if not isinstance(entity, Protein):
            return f"{self.name} asks for a protein"
        foreign = next((letter for letter in entity.sequence if letter not in self.allowed), None)
        if foreign is not None:
            return f"the sequence holds {foreign}, which is not allowed"
        for count in self.counts:
            found = sum(map(entity.sequence.count, set(count.letters)))
            least, most = count.limits(len(entity))
            if found < least or (most is not None and found > most):
                return f"{found} of {len(entity)} residues are {' or '.join(count.letters)}, but {count} is asked for"
        return None
