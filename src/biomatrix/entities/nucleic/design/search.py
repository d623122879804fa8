"""Sequences for a secondary structure: the target must be their structure of least free energy.

Two programs of very different cost take turns. The inner one changes bases so that the target lies below all rival
structures met so far (:class:`~.rivals.Rivals`: a tenth of a millisecond a step); the outer one folds what came out
(milliseconds, tenths of a second for 400 bases) and adds the structure it fell into to the rivals. So what one fold
tells is kept for every sequence after it, and targets of hundreds of bases take tens of folds.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.nucleic.bases import ANY
from biomatrix.entities.nucleic.design.bases_at import BasesAt
from biomatrix.entities.nucleic.design.elements import BASES
from biomatrix.entities.nucleic.design.rivals import Rivals, parts
from biomatrix.entities.nucleic.folding.library import vienna
from biomatrix.entities.nucleic.folding.structures import partners_of
from biomatrix.errors import ConfigurationError, LimitError, ParseError

LONGEST: Final = 2_000

_SOFTNESS: Final = 25.0
"""Gap, 0.01 kcal/mol, over which a rival's weight falls by e: well below RT, for only the order of energies counts."""
_DEPTH: Final = 0.05
"""What the target's own energy counts beside the rivals: a deep target beats rivals that were not met yet."""
_COLDEST, _HOTTEST = 10.0, 100.0
"""Temperature, 0.01 kcal/mol, of accepting a worse sequence; every start draws its own, evenly by its logarithm."""
_INNER: Final = 0.3
"""Temperature of single steps over that of whole moves."""
_AIMED: Final = 0.8
"""Share of steps at places where a pressing rival pairs otherwise; the others are anywhere."""
_AND_ANOTHER: Final = 0.4
_EVENLY: Final = 0.1
_PATIENCE: Final = 100
"""Folds without progress after which bases are drawn anew; rivals stay."""
_UNCLEAR: Final = 5
"""Rounds of steps that leave a known rival below the target, after which what there is is folded all the same."""
_PROGRESS: Final = 1.0


@dataclass(frozen=True)
class Design:
    """A sequence for a target.

    Parameters
    ----------
    sequence : str
        RNA.
    structure : str
        Its structure of least free energy at 37 C.
    energy : float
        Of that structure, kcal/mol.
    distance : int
        Places that pair otherwise than in the target; 0 where it folds as asked.
    folds : int
        How many sequences were folded until it was found.
    """

    sequence: str
    structure: str
    energy: float
    distance: int
    folds: int

    @property
    def matches(self) -> bool:
        """Whether its structure is the target."""
        return self.distance == 0


def design_for_structure(
    target: str,
    seconds: float = 60.0,
    seed: int = 0,
    *,
    fixed: str | None = None,
    count: int = 1,
    folds: int | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Design, ...]:
    """Return sequences whose structure of least free energy, by ViennaRNA, is the target.

    Parameters
    ----------
    target : str
        Dot-bracket without pseudoknots.
    seconds : float
        The longest it may take.
    seed : int
        Answers found are a function of target, seed and ``fixed``; time only cuts them short.
    fixed : str, optional
        What may stand where, in IUPAC's letters, N for anything.
    count : int
        How many different sequences to look for.
    folds : int, optional
        The most sequences to fold, for answers that do not depend on how fast the machine is.
    clock : callable
        What tells the seconds; ``time.process_time`` where the machine is shared.

    Returns
    -------
    tuple of Design
        Those that match, in the order they were found; where none does, the closest one alone, its ``matches`` False.

    Raises
    ------
    ParseError, UnsupportedError
        A target that is no balanced structure, or that no sequence can have; letters that are none, or cannot pair.
    LimitError
        More than 2,000 bases.
    ConfigurationError
        ViennaRNA is not installed; no time, or no sequence asked for.

    Examples
    --------
    >>> design_for_structure("((((....))))")[0].matches  # doctest: +SKIP
    True
    """
    _check(target, seconds, count, folds)
    start = clock()
    return _answers(Search(target, seed, fixed).designs(), count, folds, lambda: clock() - start >= seconds)


def _answers(
    designs: Iterable[Design | None], count: int, folds: int | None, time_is_up: Callable[[], bool]
) -> tuple[Design, ...]:
    """Return the first so many that match, or the closest alone."""
    found: dict[str, Design] = {}
    closest: Design | None = None
    for design in designs:
        if design is not None and design.matches:
            found.setdefault(design.sequence, design)
        if design is not None and (closest is None or design.distance < closest.distance):
            closest = design
        out_of_folds = folds is not None and design is not None and design.folds >= folds
        if len(found) >= count or out_of_folds or time_is_up():
            break
    assert closest is not None
    return tuple(found.values()) or (closest,)


def _check(target: str, seconds: float, count: int, folds: int | None) -> None:
    if not target:
        raise ParseError("an empty target has no sequence")
    if len(target) > LONGEST:
        raise LimitError(
            f"a target of {len(target):,} bases is longer than the {LONGEST:,} that are designed",
            limit="bases to design", actual=len(target), allowed=LONGEST,
        )  # fmt: skip
    if not seconds > 0 or count < 1 or (folds is not None and folds < 1):
        raise ConfigurationError(f"{seconds} seconds, {count} sequences and {folds} folds leave nothing to search")


class Search:
    """The search for one target.

    Parameters
    ----------
    target : str
    seed : int
    fixed : str, optional
    """

    def __init__(self, target: str, seed: int = 0, fixed: str | None = None) -> None:
        self.target = partners_of(target)
        self.choices = BasesAt(self.target, ANY * len(target) if fixed is None else fixed)
        self.random = random.Random(seed)
        self.rivals = Rivals(self.target, self.choices.start(self.random))
        self.folds = self.starts = 0
        self._library = vienna()
        length = len(target)
        self._steps = min(200 + round(40 * (length / 100) ** 3), 3_000)  # for long targets, as long as a fold takes
        self._most_rivals = 200 + length

    def designs(self) -> Iterator[Design | None]:
        """Yield every sequence that is folded, without end, None after steps that led to none; a match ends a start."""
        while True:
            yield from self._one_start()

    def _one_start(self) -> Iterator[Design | None]:
        """Yield what is folded from one start on, until it matches or stands still."""
        self.starts += 1
        heat = _COLDEST * (_HOTTEST / _COLDEST) ** self.random.random()
        self._move_to(self.choices.start(self.random))
        base: list[int] | None = None
        best, still, unclear = math.inf, 0, 0
        while still < _PATIENCE:
            if not self._descend(heat * _INNER) and unclear < _UNCLEAR:
                unclear += 1
                still += 1
                yield None
                continue
            unclear = 0
            design = self._fold()
            yield design
            if design.matches:
                return
            here, loss = list(self.rivals.bases), self._loss()
            if base is not None:
                self._move_to(base)
                if loss > self._loss() - heat * math.log(1 - self.random.random()):
                    here = base
                self._move_to(here)
            base, now = here, self._loss()
            still = 0 if now < best - _PROGRESS else still + 1
            best = min(best, now)
            if len(self.rivals.deciding) > 2 * self._most_rivals:
                self.rivals.keep(self._most_rivals)

    def _fold(self) -> Design:
        sequence = "".join(BASES[base - 1] for base in self.rivals.bases)
        structure, energy = self._library.fold(sequence)
        self.folds += 1
        partners = partners_of(structure)
        for part in parts(partners, self.target):
            self.rivals.add(part)
        distance = sum(one != other for one, other in zip(partners, self.target, strict=True))
        return Design(sequence, structure, float(energy), distance, self.folds)

    def _move_to(self, bases: list[int]) -> None:
        now = self.rivals.bases
        self.rivals.change([(place, base) for place, base in enumerate(bases) if base != now[place]])

    def _loss(self) -> float:
        """Return what is to be made small: how far rivals press, softly, and the target's own energy."""
        pressing = np.logaddexp(0.0, self.rivals.gaps * (-1 / _SOFTNESS)).sum()
        return _SOFTNESS * float(pressing) + _DEPTH * self.rivals.energy

    def _pressing(self) -> tuple[bool, NDArray[np.float64]]:
        """Return whether a known rival is no worse than the target, and the sums of how much each presses, 0 to 1."""
        gaps = self.rivals.gaps
        return bool((gaps <= 0).any()), (1 / (1 + np.exp(np.clip(gaps * (1 / _SOFTNESS), -30, 30)))).cumsum()

    def _descend(self, heat: float) -> bool:
        """Change bases at that temperature until the target lies below all known rivals; False where it does not."""
        now = self._loss()
        pressed, sums = self._pressing()
        for _ in range(self._steps):
            if not pressed:
                return True
            changes = self._proposal(sums)
            if not changes:
                continue
            undo = self.rivals.change(changes)
            then = self._loss()
            if then <= now - heat * math.log(1 - self.random.random()):
                now = then
                pressed, sums = self._pressing()
            else:
                self.rivals.undo(undo)
        return not pressed

    def _proposal(self, sums: NDArray[np.float64]) -> list[tuple[int, int]]:
        """Return new bases for some places and their partners: where they decide on a pressing rival, or anywhere."""
        draw = self.random.random
        places: range | tuple[int, ...] = range(len(self.target))
        if len(sums) and draw() < _AIMED:
            which = int(sums.searchsorted(draw() * sums[-1]))
            places = self.rivals.deciding[min(which, len(sums) - 1)]
        changes: dict[int, int] = {}
        while True:
            place = places[int(draw() * len(places))]
            self.choices.put(place, changes, self.random, _EVENLY)
            if draw() >= _AND_ANOTHER:
                return [(place, base) for place, base in changes.items() if base != self.rivals.bases[place]]
