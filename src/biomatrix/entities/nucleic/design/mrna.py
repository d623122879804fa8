"""Transcripts for a protein: all keep it exactly and hold no motif to avoid; a front of objectives chooses among them.

Candidates are drawn from all sequences that fit, with probabilities by the host's codon usage; later rounds swap codons
for synonyms, and bases of untranslated parts that are free. What then holds a motif is refused and counted.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from biomatrix.entities.guided_search import Candidate, Direction, SearchResult, pareto_search
from biomatrix.entities.nucleic.bases import ANY, as_dna, as_rna
from biomatrix.entities.nucleic.constraints.design import Coding, Untranslated
from biomatrix.entities.nucleic.constraints.design import Design as Wishes
from biomatrix.entities.nucleic.constraints.solutions import Solutions
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.features import CDS, Feature, Interval
from biomatrix.entities.nucleic.folding.library import is_installed
from biomatrix.entities.nucleic.folding.structures import fold
from biomatrix.entities.nucleic.genetic_code import genetic_code
from biomatrix.entities.nucleic.motifs import Motif
from biomatrix.entities.nucleic.objectives.catalogue import OBJECTIVES, measure, objectives_named
from biomatrix.entities.nucleic.objectives.objective import Settings
from biomatrix.entities.nucleic.objectives.transcript import Transcript
from biomatrix.entities.nucleic.objectives.usage import usage_of
from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.metrics.nucleic.dot_bracket import pairs_of

SWAPS: Final = 0.05
"""Share of the codons, one at least, that a candidate of a later round has anew."""
SOUGHT: Final = ("cai", "u", "cpg")
SOUGHT_FOLDED: Final = ("cai", "start_open", "aup")
"""Objectives of the search where none are named, without and with ViennaRNA."""
LONGEST_FOLDED: Final = 600
"""Bases past which a search folds nothing unless asked: an ensemble of 600 takes a second."""
LONGEST_DRAWN: Final = 2_000
"""Bases past which finished designs are not folded: 2,000 take 2.4 s."""


@dataclass(frozen=True)
class Order:
    """What is asked of a transcript.

    Parameters
    ----------
    protein : str
        One-letter codes; begins with M, and ends with the stop that is added where it lacks one.
    host : str
        Whose codon usage: a name of :func:`~biomatrix.entities.nucleic.objectives.species`.
    before, behind : str
        The untranslated parts: given letters, IUPAC's where some are free. No AUG begins in the first unless it was
        given with one.
    avoid : tuple of Motif
        What may stand nowhere.
    """

    protein: str
    host: str = "h_sapiens"
    before: str = ""
    behind: str = ""
    avoid: tuple[Motif, ...] = ()

    @property
    def whole_protein(self) -> str:
        """The protein with its stop."""
        return self.protein if self.protein.endswith("*") else f"{self.protein}*"

    @property
    def coding(self) -> tuple[int, int]:
        """Where the coding part lies in the transcript."""
        return len(self.before), len(self.before) + 3 * len(self.whole_protein)

    @property
    def no_early_start(self) -> bool:
        """Whether no AUG may begin in the 5' UTR: unless it was given with one."""
        return "ATG" not in as_dna(self.before.upper())

    def solutions(self) -> Solutions:
        """Return all sequences that fit. Raises ConfigurationError with the residue where none does."""
        wishes = Wishes(
            coding=Coding(self.whole_protein),
            before=_given(self.before, self.no_early_start),
            behind=_given(self.behind),
            motifs=self.avoid,
        )
        return Solutions(wishes.compiled(wishes.nodes(0, 0), 3))

    def transcript(self, letters: str) -> Transcript:
        """Return a sequence as a transcript."""
        return Transcript(letters, self.coding)


def _given(letters: str, no_start: bool = False) -> Untranslated | None:
    if not letters:
        return None
    return Untranslated(len(letters), len(letters), letters=as_dna(letters.upper()), no_start=no_start)


@dataclass(frozen=True)
class MrnaDesigns:
    """What a search found.

    Parameters
    ----------
    order : Order
    total : int
        How many sequences fit, exactly.
    sought : mapping of str to {"higher", "lower"}
        The objectives of the search.
    result : SearchResult
        Its candidates are sequences of RNA.
    """

    order: Order
    total: int
    sought: Mapping[str, Direction]
    result: SearchResult[str]

    @property
    def front(self) -> Sequence[Candidate[str]]:
        """The designs that no other beats, best first by the first objective."""
        return self.result.front

    def entity(self, number: int) -> NucleicAcid:
        """Return a design of the front, from 0, with its parts as features; with ViennaRNA, its pairs too."""
        letters = self.front[number].item
        start, stop = self.order.coding
        parts = (("5'UTR", 0, start), (CDS, start, stop), ("3'UTR", stop, len(letters)))
        told = {"translation": self.order.whole_protein.rstrip("*")}
        features = tuple(
            Feature(kind, (Interval(low, high),), qualifiers=told, table=1)
            if kind == CDS
            else Feature(kind, (Interval(low, high),))
            for kind, low, high in parts
            if low < high
        )
        pairs = None
        if is_installed() and len(letters) <= LONGEST_DRAWN:
            pairs = pairs_of(fold(letters).structure)
        return NucleicAcid(letters, "RNA", features=features, pairs=pairs, name=f"design_{number + 1}")

    def checks(self, number: int) -> dict[str, bool]:
        """Return what holds of a design of the front, looked at anew in the finished letters."""
        letters = self.front[number].item
        start, stop = self.order.coding
        measured = measure(self.order.transcript(letters), ["upstream_aug"])
        return {
            "translates to the protein": genetic_code().translate(letters[start:stop]) == self.order.whole_protein,
            "holds no motif to avoid": all(motif.found(letters) is None for motif in self.order.avoid),
            "has no AUG before its start": not measured["upstream_aug"] > 0,
        }


def design_mrna(
    order: Order, objectives: Sequence[str] | None = None, *, rounds: int = 10, per_round: int = 50, seed: int = 0
) -> MrnaDesigns:
    """Return transcripts for a protein that no other of those looked at beats by all objectives.

    Parameters
    ----------
    order : Order
    objectives : sequence of str, optional
        Names of the objectives to search by, each with its own direction.
    rounds, per_round : int
    seed : int

    Raises
    ------
    ConfigurationError
        Nothing fits, with the residue where it closes; no residue; an objective without a direction, or that cannot be
        measured of such a transcript; no such host; every candidate was refused.
    UnsupportedError
        A letter of the protein that has no codon.
    """
    if order.whole_protein == "*":
        raise ConfigurationError("the protein has no residue; give its one-letter codes, such as MASK")
    settings = Settings(usage_of(order.host), order.avoid)
    sought = _directions(objectives, order.coding[1] + len(order.behind))
    solutions = order.solutions()
    total = solutions.total
    lacking = _not_measured(order, sought, solutions.nth(0), settings)
    if lacking and objectives is None:
        sought = {name: better for name, better in sought.items() if name not in lacking}
    elif lacking:
        raise ConfigurationError(
            f"{', '.join(lacking)} cannot be measured: the untranslated or the coding part is too short"
        )
    vary = partial(_vary, order, settings)
    reported = [*sought, *(name for name in ("cai", "gc", "gc3", "upstream_aug", "longest_run") if name not in sought)]

    def sample(count: int, draw: int) -> Iterable[str]:
        drawn = solutions.drawn_by_usage(count, settings.usage.weights, np.random.default_rng(draw))
        return map(as_rna, drawn)

    def values(letters: str) -> Mapping[str, float]:
        for motif in order.avoid:
            place = motif.found(letters)
            if place is not None:
                raise UnsupportedError(f"{motif.name} stands at base {place + 1}", position=place)
        measured = measure(order.transcript(letters), reported, settings)
        if order.no_early_start and measured["upstream_aug"] > 0:
            raise UnsupportedError("an AUG stands before the start")
        return measured

    result = pareto_search(sample, values, sought, rounds=rounds, per_round=per_round, seed=seed, vary=vary)
    if not result.front:
        said = f", the first of them as {result.refused[0]}" if result.refused else ""
        raise ConfigurationError(f"no design is left: {len(result.refused)} candidates were refused{said}")
    return MrnaDesigns(order, total, sought, result)


def _not_measured(order: Order, names: Iterable[str], letters: str, settings: Settings) -> list[str]:
    """Return the objectives that a transcript of these lengths lacks a part for: a search by them keeps nothing."""
    measured = measure(order.transcript(as_rna(letters)), list(names), settings)
    return [name for name, value in measured.items() if math.isnan(value)]


def _directions(names: Sequence[str] | None, length: int) -> dict[str, Direction]:
    if names is None:
        names = SOUGHT_FOLDED if is_installed() and length <= LONGEST_FOLDED else SOUGHT
    found: dict[str, Direction] = {}
    for objective in objectives_named(names):
        if objective.better == "none":
            good = ", ".join(name for name, each in OBJECTIVES.items() if each.better != "none")
            raise ConfigurationError(f"{objective.name} has no better direction, so no search goes by it; {good} have")
        found[objective.name] = objective.better
    return found


def _vary(order: Order, settings: Settings, letters: str, draw: random.Random) -> str:
    """Return a neighbour: some codons drawn anew by usage, and a free base of an untranslated part."""
    start, stop = order.coding
    codons = [letters[place : place + 3] for place in range(start, stop, 3)]
    code = genetic_code()
    for _ in range(max(1, round(SWAPS * len(codons)))):
        place = draw.randrange(1, len(codons)) if len(codons) > 1 else 0
        names, shares = zip(*settings.usage.shares[code.read(codons[place])], strict=True)
        codons[place] = as_rna(draw.choices(names, shares)[0])
    return _with_free_base(order, letters[:start] + "".join(codons) + letters[stop:], draw)


def _with_free_base(order: Order, letters: str, draw: random.Random) -> str:
    stop = order.coding[1]
    free = [place for place, letter in enumerate(order.before.upper()) if letter == ANY]
    free += [stop + place for place, letter in enumerate(order.behind.upper()) if letter == ANY]
    if not free:
        return letters
    place = draw.choice(free)
    return letters[:place] + draw.choice("ACGU") + letters[place + 1 :]
